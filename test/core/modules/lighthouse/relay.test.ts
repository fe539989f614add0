import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { Publisher } from "zeromq";
import { database } from "../../../../core/database/connect.ts";
import { newEvent, setUpEmitting } from "../../../../core/events/emit.ts";
import { wireText } from "../../../../core/events/envelope.ts";
import { Keyring } from "../../../../core/events/keyring.ts";
import { publishedEvent, readHops } from "../../../../core/events/published.ts";
import { eventsAfter, lighthouseState } from "../../../../core/events/sequence.ts";
import { silentLog } from "../../../../core/log.ts";
import { base } from "../../../../core/modules/base/index.ts";
import {
  createLighthouseOf,
  type Lighthouse,
} from "../../../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import { testDatabase } from "../../../support/database.ts";
import { eventually } from "../../../support/eventually.ts";
import { followAs } from "../../../support/follow.ts";

const OTHER = "22222222-2222-4222-8222-222222222222";
const directory = mkdtempSync(join(tmpdir(), "lk-relay-"));
const keyring = new Keyring(directory, { recheckMilliseconds: 0 });
const log = silentLog();
const others = [new Publisher(), new Publisher()];
let lighthouse: Lighthouse;

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
  for (const other of others) await other.bind("tcp://127.0.0.1:*");
  keyring.ensureOwnKey("general");
  lighthouse = createLighthouseOf({
    keyring,
    submit: [],
    publish: ["tcp://127.0.0.1:*"],
    replay: ["tcp://127.0.0.1:*"],
    relay: others.map((other) => ({ publish: other.lastEndpoint ?? "" })),
    log,
  });
  await lighthouse.start();
});
test.after.always(async () => {
  await lighthouse.stop();
  for (const other of others) other.close();
  await database().close();
  rmSync(directory, { recursive: true });
});

function frames(message: string, sequence: number, hops: string[] = []): string[] {
  const key = keyring.signingKey("general");
  if (key === undefined) throw new Error("no key");
  let text = wireText(newEvent("_lk.core.ping", { node: "anise", message }, key));
  for (const hop of [...hops, OTHER]) {
    text = publishedEvent(text, key, { lighthouse: hop, sequence })?.text ?? "";
  }
  return ["_lk.core.ping", text];
}

async function journal(): Promise<string[]> {
  const events = await eventsAfter(0, 1_000);
  return events.map(({ body }) => (JSON.parse(body) as { data: { message: string } }).data.message);
}

test.serial(
  "what other Lighthouses publish is published here, once, and nothing of ours",
  async (t) => {
    const { id } = await lighthouseState();
    const follower = followAs(keyring, [
      {
        publish: lighthouse.endpoints().publish[0] ?? "",
        replay: lighthouse.endpoints().replay[0],
      },
    ]);
    await follower.start();
    t.teardown(() => follower.stop());
    await eventually(() => follower.positions.size > 0, "the follower knows where it starts");
    for (const [index, other] of others.entries()) {
      const hello = frames(`hello ${index}`, index + 1);
      // PUB drops what nobody listens to yet.
      await eventually(async () => {
        await other.send(hello);
        await sleep(20);
        return (await journal()).includes(`hello ${index}`);
      }, "the relay listens");
    }
    const same = frames("same", 3);
    const ours = frames("ours", 4, [id]);
    const last = frames("last", 5);
    for (const one of [same, ours, last]) for (const other of others) await other.send(one);
    await eventually(async () => (await journal()).includes("last"), "all were relayed");
    await sleep(100);
    t.deepEqual(await journal(), ["hello 0", "hello 1", "same", "last"]);
    await eventually(() => follower.messages.includes("last"), "all were published");
    t.deepEqual(follower.messages, ["hello 0", "hello 1", "same", "last"]);
    t.deepEqual([...follower.positions], [[id, 4]]);
    const [row] = await eventsAfter(3, 1);
    t.deepEqual(readHops(Buffer.from(row?.body ?? "")), [OTHER]);
  },
);

test.serial("an event that the hub here heard first is published all the same", async (t) => {
  const one = frames("heard", 6);
  const { uuid } = JSON.parse(one[1] ?? "") as { uuid: string };
  await database().query(
    `insert into event (uuid, tag, time, origin, body, data)
     values ($1, '_lk.core.ping', now(), 'bus', $2, '{}')`,
    [uuid, one[1]],
  );
  await others[0]?.send(one);
  await eventually(async () => (await journal()).includes("heard"), "it was relayed");
  t.is((await journal()).filter((message) => message === "heard").length, 1);
});
