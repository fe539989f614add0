import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { matrix } from "../../hub/channels/matrix/index.ts";
import { createDispatcher } from "../../hub/delivery/dispatcher.ts";
import { post } from "../../hub/delivery/outbox.ts";
import { type Cut, type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { eventually } from "../support/eventually.ts";
import type { Account, Ground } from "../support/homeserver/ground.ts";
import { startHomeserver } from "../support/homeserver/homeserver.ts";
import { booksDiffer, channelContext, hubDatabase, says } from "../support/hub.ts";
import { createRandom, type Random } from "../support/random.ts";
import { startSynapse, SynapseMissing } from "./synapse-server.ts";

/**
 * The connection to the homeserver is cut in the middle of every other request for a message,
 * before or after the homeserver took it. Here 300 cuts on the double and 100 on a real Synapse;
 * LK_FULL=1 makes it 1,000 on both. LK_SEED repeats the order of cuts.
 */
const FULL = process.env["LK_FULL"] === "1";
const SEED = Number(process.env["LK_SEED"] ?? Date.now() % 100_000);
const ROOMS = 10;
const RETRY = { firstMs: 5, lastMs: 50 };

const folder = mkdtempSync(join(tmpdir(), "lk-cut-"));
const synapse = await startSynapse().catch((thrown: unknown) => {
  if (thrown instanceof SynapseMissing) return thrown;
  throw thrown;
});

test.before(hubDatabase);
test.beforeEach(() => database().query("truncate delivery, channel_stop, matrix_state cascade"));
test.after.always(async () => {
  if (!(synapse instanceof SynapseMissing)) await synapse.stop();
  await database().close();
  rmSync(folder, { recursive: true, force: true });
});

async function request(
  ground: Ground,
  { token }: Account,
  method: "GET" | "POST",
  path: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${ground.url}/_matrix/client/v3/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(method === "POST" ? { body: "{}" } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

/** The bodies in a room, oldest first, as anybody can read them. */
async function bodiesIn(ground: Ground, account: Account, room: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let from = ""; ;) {
    const path = `rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100${from}`;
    const page = await request(ground, account, "GET", path);
    const { end } = page as { end?: string };
    const chunk = page["chunk"] as { type: string; content: { body?: string } }[];
    const said = chunk.filter(({ type }) => type === "m.room.message");
    bodies.push(...said.map(({ content }) => content.body ?? ""));
    if (end === undefined || chunk.length === 0) return bodies.toReversed();
    from = `&from=${encodeURIComponent(end)}`;
  }
}

/** Cuts every other request for a message. */
function cutter(random: Random, left: { cuts: number }): (line: string) => Cut {
  return (line) => {
    if (!line.startsWith("PUT ") || !line.includes("/send/")) return undefined;
    if (left.cuts <= 0 || random(2) === 0) return undefined;
    left.cuts -= 1;
    return random(2) === 0 ? "before" : "after";
  };
}

/** Sends until so many connections were cut, and looks what is in the rooms then. */
async function cutAndCount(t: ExecutionContext, ground: Ground, cuts: number): Promise<void> {
  t.timeout(600_000);
  t.log(`LK_SEED=${SEED}`);
  const bot = await ground.newUser(`bot-${SEED}`);
  const rooms: string[] = [];
  while (rooms.length < ROOMS) {
    rooms.push(String((await request(ground, bot, "POST", "createRoom"))["room_id"]));
  }
  const left = { cuts };
  const proxy: CuttingProxy = await startCuttingProxy(ground.url, cutter(createRandom(SEED), left));
  writeFileSync(join(folder, "token"), bot.token, { mode: 0o600 });
  const context = channelContext({
    matrix: { homeserver: proxy.url, user: bot.userId, token_file: join(folder, "token") },
  });
  const channel = matrix.create(context);
  if (channel === undefined) return t.fail("no Matrix channel");
  const dispatcher = createDispatcher({ channels: [channel], log: silentLog(), retry: RETRY });
  const expected = new Map<string, string[]>(rooms.map((room) => [room, []]));
  await channel.start?.();
  await dispatcher.start();
  try {
    let sent = 0;
    while (left.cuts > 0) {
      for (let n = 0; n < 100; n++) {
        const room = rooms[sent % ROOMS] ?? "";
        await post(`matrix:${room}`, says(`message ${sent}`));
        expected.get(room)?.push(`ℹ️ message ${sent}`);
        sent += 1;
      }
      dispatcher.ring();
      await eventually(async () => (await booksDiffer({ sent })) === undefined, "all sent");
    }
    t.log(`${sent} messages`, proxy.cuts());
  } finally {
    await dispatcher.stop();
    await channel.stop?.();
    await proxy.close();
  }
  const { before, after } = proxy.cuts();
  t.is(before + after, cuts);
  t.true(Math.min(before, after) > cuts / 4);
  for (const room of rooms) t.deepEqual(await bodiesIn(ground, bot, room), expected.get(room));
}

test.serial("cut connections to the double: each message is visible once, in order", async (t) => {
  const homeserver = await startHomeserver();
  t.teardown(() => homeserver.stop());
  await cutAndCount(t, homeserver, FULL ? 1_000 : 300);
});

if (synapse instanceof SynapseMissing) {
  test.skip(`Synapse is not there: ${synapse.message}`, () => undefined);
} else {
  test.serial(
    `cut connections to Synapse ${synapse.version}: each message is visible once, in order`,
    (t) => cutAndCount(t, synapse, FULL ? 1_000 : 100),
  );
}
