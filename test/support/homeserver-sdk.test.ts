import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import {
  AutojoinUpgradedRoomsMixin,
  LogService,
  MatrixClient,
  MemoryStorageProvider,
} from "matrix-bot-sdk";
import type { Account } from "./homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "./homeserver/homeserver.ts";
import { until } from "./homeserver-session.ts";

/*
 * What the SDK does by itself, on the double. Each of these is why something of ours exists
 * (test/hub/channels/matrix-*.test.ts say the opposite of the session), and each shows that the
 * double can bring such a fault to light. Should one fail after an update of the SDK, something
 * of ours may no longer be needed.
 */

LogService.setLogger({ info() {}, warn() {}, error() {}, debug() {}, trace() {} });

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  room: string;
  client: MatrixClient;
  storage: MemoryStorageProvider;
  heard: string[];
}

async function stage(t: ExecutionContext): Promise<Stage> {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
  const room = server.createRoom(alice.userId, { invite: [bot.userId] });
  server.join(room, bot.userId);
  const storage = new MemoryStorageProvider();
  const client = new MatrixClient(server.url, bot.token, storage);
  client.syncingTimeout = 200;
  t.teardown(() => client.stop());
  const heard: string[] = [];
  client.on("room.message", (_room: string, event: { content: { body: string } }) =>
    heard.push(event.content.body),
  );
  return { server, bot, alice, room, client, storage, heard };
}

test("the SDK alone hands on what was said before its first start (S1)", async (t) => {
  const { server, alice, room, client, heard } = await stage(t);
  for (const text of ["one", "two", "three"]) server.say(room, alice.userId, text);
  await client.start();
  await until(() => heard.length === 3);
  t.deepEqual(heard, ["one", "two", "three"]);
});

test("the SDK alone moves on before its handler is done (S2)", async (t) => {
  const { server, alice, room, client, storage } = await stage(t);
  let begun = false;
  function work(): Promise<void> {
    begun = true;
    return new Promise(() => undefined);
  }
  await client.start();
  await until(() => storage.getSyncToken() !== null);
  const place = storage.getSyncToken();
  client.on("room.message", () => void work());
  server.say(room, alice.userId, "import");
  await until(() => begun);
  t.not(storage.getSyncToken(), place);
});

test("the SDK alone gives up on a message when there are too many (S3)", async (t) => {
  const { server, room, client } = await stage(t);
  server.fault({ path: "/send/", times: 1 }, { kind: "limited", afterMs: 10, tell: "header" });
  const error = await t.throwsAsync<Error & { retryAfterMs?: number }>(
    client.sendNotice(room, "hello"),
  );
  t.is(error?.retryAfterMs, undefined);
  t.deepEqual(server.timeline(room), []);
});

test("the SDK alone sends a second copy when the answer was lost (S4)", async (t) => {
  const { server, room, client } = await stage(t);
  server.fault({ path: "/send/", times: 1 }, { kind: "cut after" });
  await t.throwsAsync(client.sendNotice(room, "hello"));
  await client.sendNotice(room, "hello");
  t.is(server.timeline(room).length, 2);
});

test("the SDK alone talks in clear in an encrypted room (S5)", async (t) => {
  const { server, alice, room, client } = await stage(t);
  server.setState(room, alice.userId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
  await client.sendNotice(room, "secret");
  t.is(server.timeline(room)[0]?.body, "secret");
});

test("the SDK alone goes on with its long poll after a stop (S7)", async (t) => {
  const { server, alice, room, client } = await stage(t);
  client.syncingTimeout = 60_000;
  const polls = server.fault({ path: "/sync" }, { kind: "slow", ms: 0 });
  await client.start();
  await until(() => polls.hits() === 2);
  client.stop();
  const answered = (): number =>
    server.requests.filter(({ path }) => path.endsWith("/sync")).length;
  await sleep(200);
  const before = answered();
  server.say(room, alice.userId, "anybody there?");
  await until(() => answered() > before);
  t.is(answered(), before + 1);
});

test("the SDK alone drops what a gap left out (S8)", async (t) => {
  const { server, alice, room, client, storage, heard } = await stage(t);
  await client.start();
  await until(() => storage.getSyncToken() !== null);
  const { remove } = server.fault({ path: "/sync" }, { kind: "slow", ms: 300 });
  for (let n = 0; n < 30; n += 1) server.say(room, alice.userId, `m${n}`);
  remove();
  await until(() => heard.includes("m29"));
  t.true(heard.length < 30);
});

test.serial(
  "the SDK alone keeps something of every round of its sync for ever (S10)",
  async (t) => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const rounds = 20_000;
    let round = 0;
    // Kept, so that the round that waits is alive while the memory is measured.
    let goOn: () => void = () => undefined;
    class Quick extends MatrixClient {
      protected override async doSync(): Promise<unknown> {
        if (round % 100 === 0) await new Promise(setImmediate);
        round += 1;
        if (round > rounds) await new Promise<void>((resolve) => (goOn = resolve));
        return { next_batch: "t" };
      }
      begin(): void {
        void this.startSync();
      }
    }
    const client = new Quick("http://127.0.0.1:1", "token", new MemoryStorageProvider());
    client.begin();
    await until(() => round > 1_000);
    collectGarbage();
    const [before, from] = [process.memoryUsage().heapUsed, round];
    await until(() => round > rounds);
    collectGarbage();
    const kept = (process.memoryUsage().heapUsed - before) / (round - from);
    t.true(kept > 30, `${kept} bytes are kept for each round`);
    client.stop();
    goOn();
  },
);

test("the SDK alone takes an edit for a message (S12)", async (t) => {
  const { server, alice, room, client, storage, heard } = await stage(t);
  await client.start();
  await until(() => storage.getSyncToken() !== null);
  const event = server.say(room, alice.userId, "status");
  server.say(room, alice.userId, {
    msgtype: "m.text",
    body: "import",
    "m.new_content": { msgtype: "m.text", body: "import" },
    "m.relates_to": { rel_type: "m.replace", event_id: event },
  });
  await until(() => heard.length === 2);
  t.deepEqual(heard, ["status", "import"]);
});

test("the SDK alone follows a tombstone of anybody (S17)", async (t) => {
  const { server, bot, client } = await stage(t);
  const [alice, mallory] = [await server.newUser("carol"), await server.newUser("mallory")];
  const levels = { events: { "m.room.tombstone": 0 }, state_default: 0 };
  const room = server.createRoom(alice.userId, {
    preset: "public_chat",
    power_level_content_override: levels,
  });
  for (const user of [bot, mallory]) server.join(room, user.userId);
  AutojoinUpgradedRoomsMixin.setupOnClient(client);
  await client.start();
  const trap = server.createRoom(mallory.userId, {
    preset: "public_chat",
    creation_content: { predecessor: { room_id: room } },
  });
  server.setState(room, mallory.userId, "m.room.tombstone", { replacement_room: trap });
  await until(() => server.membership(trap, bot.userId).membership === "join");
  t.pass();
});
