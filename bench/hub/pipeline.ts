import { setTimeout as sleep } from "node:timers/promises";
import { createBatcher } from "../../core/batcher.ts";
import { connect, database } from "../../core/database/connect.ts";
import { admitFrame } from "../../core/events/admission.ts";
import { newEvent } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import type { Heard } from "../../core/events/follower.ts";
import { readKeyFile } from "../../core/events/key-file.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { silentLog } from "../../core/log.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { takeIn } from "../../hub/intake.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { createRouting } from "../../hub/routing/routing.ts";
import { runProgram, tell } from "../bus/program.ts";
import { subscriptions, upload } from "./rules.ts";

const DAY_MS = 86_400_000;
const TAG = "_lk.archive.package-upload-accepted";

/**
 * The hub without sockets and channels: frames are verified, written into the journal and routed,
 * all in one process, against so many subscriptions in the database.
 */
runProgram(async ([socket = "", user = "", name = "", keys = "", secret = "", n = "", m = ""]) => {
  const [events, count] = [Number(n), Number(m)];
  const connected = await connect({ socketDirectory: socket, user, database: name });
  defineHubModels(connected.sequelize);
  await store(count);
  const key = readKeyFile(secret).signingKey;
  const frames = Array.from({ length: events }, (_, number) =>
    Buffer.from(wireText(newEvent(TAG, upload(number), key))),
  );
  const rules = { authority: new Keyring(keys), window: 30 * DAY_MS };
  const log = silentLog();
  const routing = createRouting({
    registry: createRegistry(coreModules),
    links: { web: undefined },
    kinds: channelKinds,
    announce: { other: "", suites: {} },
    configured: [],
    coverage: "own",
    log,
  });
  await routing.start();
  const batcher = createBatcher<Heard>({
    take: async (batch) => {
      await takeIn(batch);
      routing.ring();
    },
    size: 500,
    waitMs: 10,
    log,
  });
  const before = process.cpuUsage();
  const began = performance.now();
  for (const bytes of frames) {
    const verdict = admitFrame(bytes, "bus", rules);
    if (!verdict.accepted) throw new Error(`an event was refused: ${verdict.reason}`);
    await batcher.add({ source: "bench", channel: "bus", bytes, verdict });
  }
  await batcher.close();
  const stored = (performance.now() - began) / 1000;
  while ((await database().query("select from event_to_route limit 1")).length > 0) await sleep(5);
  const seconds = (performance.now() - began) / 1000;
  const { user: busy, system } = process.cpuUsage(before);
  const [told] = await database().query<{ count: string }>("select count(*) from notice");
  tell({
    events,
    count,
    stored,
    seconds,
    cpu: (busy + system) / 1e6,
    notices: Number(told?.count ?? 0),
    resident: process.memoryUsage().rss / 1e6,
  });
  await routing.stop();
  await database().close();
});

/** Puts the subscriptions into the database. */
async function store(count: number): Promise<void> {
  const all = subscriptions(count);
  await database().query(
    `insert into subscription (destination, kind, value, condition, owner, created_by)
     select destination, kind, value, condition, destination, 'bench'
       from unnest($1::text[], $2::text[], $3::text[], $4::text[])
            as s (destination, kind, value, condition)
     on conflict do nothing`,
    [
      all.map((one) => one.destination),
      all.map((one) => one.kind),
      all.map((one) => one.value),
      all.map((one) => one.condition),
    ],
  );
}
