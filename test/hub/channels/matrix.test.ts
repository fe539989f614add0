import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { Config } from "../../../core/config.ts";
import type { Database } from "../../../core/database/connect.ts";
import { OperatorError } from "../../../core/errors.ts";
import { silentLog } from "../../../core/log.ts";
import type { Channel, ChannelContext, Outgoing } from "../../../hub/channels/channel.ts";
import { matrix } from "../../../hub/channels/matrix/index.ts";
import { databaseStorage } from "../../../hub/channels/matrix/database-storage.ts";
import type { IncomingText } from "../../../hub/incoming.ts";
import { testDatabase } from "../../support/database.ts";
import type { Account } from "../../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../../support/homeserver/homeserver.ts";
import { until } from "../../support/homeserver-session.ts";

let opened: Database | undefined;
test.before(async () => {
  opened = await testDatabase();
});
test.after.always(() => opened?.close());

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  room: string;
  channel: Channel;
  received: IncomingText[];
  moves: Array<[from: string, to: string]>;
}

async function stage(t: ExecutionContext, section: Record<string, unknown> = {}): Promise<Stage> {
  const server = await startHomeserver({ serverName: `${randomUUID()}.test` });
  t.teardown(() => server.stop());
  const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
  const room = server.createRoom(alice.userId, { invite: [bot.userId] });
  server.join(room, bot.userId);
  const received: IncomingText[] = [];
  const moves: Stage["moves"] = [];
  const receive = (text: IncomingText): boolean => {
    if (received.some((known) => known.messageId === text.messageId)) return false;
    received.push(text);
    return true;
  };
  const { channel } = await openChannel(t, server, bot, section, receive, moves);
  return { server, bot, alice, room, channel, received, moves };
}

async function openChannel(
  t: ExecutionContext,
  server: Homeserver,
  bot: Account,
  section: Record<string, unknown>,
  receive: (text: IncomingText) => boolean,
  moves: Stage["moves"] = [],
): Promise<{ channel: Channel }> {
  const directory = await mkdtemp(join(tmpdir(), "matrix-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, "token"), bot.token, { mode: 0o600 });
  const base = { homeserver: server.url, user: bot.userId, token_file: "token" };
  const channel = matrix.create({
    ...context({ ...base, ...section }, directory, receive),
    moved: (from, to) => Promise.resolve(void moves.push([from, to])),
  });
  if (channel === undefined) throw new Error("Matrix is configured");
  await channel.start?.();
  t.teardown(() => channel.stop?.());
  return { channel };
}

function context(
  section: Record<string, unknown>,
  directory = tmpdir(),
  receive: (text: IncomingText) => boolean = () => true,
): ChannelContext {
  return {
    settings: {
      config: Config.parse({ matrix: section }),
      dataDirectory: directory,
      file: undefined,
    },
    log: silentLog(),
    links: { web: undefined },
    receive: (text) => Promise.resolve(receive(text)),
  };
}

function delivery(room: string, more: Partial<Outgoing> = {}): Outgoing {
  return {
    id: randomUUID(),
    destination: `matrix:${room}`,
    address: room,
    message: { tone: "good", headline: ["Imported dpkg"] },
    subject: {},
    reason: "test",
    final: true,
    attempt: 1,
    createdAt: new Date(),
    ...more,
  };
}

const never = new AbortController().signal;

/** Waits until the account has a place in the stream: what is said from now on is heard. */
async function listening(account: Account): Promise<void> {
  while ((await databaseStorage().get(`${account.userId} since`)) === undefined) await sleep(5);
}

test("without a homeserver there is no channel; half a configuration is an error", (t) => {
  t.is(matrix.create(context({})), undefined);
  const bad = [
    [{ homeserver: "matrix.example.org", user: "@a:b" }, /matrix\.homeserver is/],
    [{ homeserver: "ftp://example.org", user: "@a:b" }, /matrix\.homeserver is/],
    [{ homeserver: "https://example.org" }, /matrix\.user is ""/],
    [{ homeserver: "https://example.org", user: "laniakea" }, /matrix\.user is "laniakea"/],
  ] as const;
  for (const [section, says] of bad) {
    const error = t.throws(() => matrix.create(context(section)), { instanceOf: OperatorError });
    t.regex(error?.message ?? "", says);
  }
});

test("rooms are addressed by id or alias, and nothing else", (t) => {
  const spellings: Array<[string, string | undefined]> = [
    ["!abc:example.org", "!abc:example.org"],
    [
      "!8sM7OK0ohVMJwapfuAlL28uzv-q6o4OoUvjqNakSCrE",
      "!8sM7OK0ohVMJwapfuAlL28uzv-q6o4OoUvjqNakSCrE",
    ],
    ["#News:Example.ORG", "#News:example.org"],
    [" #news:example.org:8448 ", "#news:example.org:8448"],
    ["@user:example.org", undefined],
    ["#news", undefined],
    ["!", undefined],
    ["news", undefined],
    ["#a b:example.org", undefined],
    [`#${"x".repeat(300)}:example.org`, undefined],
  ];
  for (const [text, canonical] of spellings) t.is(matrix.canonical(text), canonical, text);
});

test("a delivery is one message, however often it is sent, and its edits change it", async (t) => {
  const { server, room, channel } = await stage(t, { message_prefix: "[news]" });
  const first = delivery(room, { subject: { tag: "_lk.archive.package-upload-accepted" } });
  const sent = await channel.send(first, never);
  t.deepEqual(await channel.send({ ...first, attempt: 2 }, never), sent);
  const [shown] = server.timeline(room);
  t.deepEqual(sent, { outcome: "delivered", remoteId: shown?.eventId });
  t.is(shown?.body, "[news] ✅ Imported dpkg");
  const edits = { id: first.id, remoteId: shown?.eventId ?? "" };
  for (const headline of ["50 %", "done"]) {
    const edit = delivery(room, { edits, message: { tone: "good", headline: [headline] } });
    t.deepEqual(await channel.send(edit, never), sent);
  }
  t.deepEqual(
    server.timeline(room).map((one) => [one.body, one.edits]),
    [["✅ done", 2]],
  );
  const neverSent = delivery(room, { edits: { id: randomUUID() } });
  t.like(await channel.send(neverSent, never), { outcome: "delivered" });
  t.is(server.timeline(room).length, 2);
});

test("what a person says is received once and then marked as read", async (t) => {
  const { server, bot, alice, room, channel, received } = await stage(t);
  t.like(await channel.send(delivery(room), never), { outcome: "delivered" });
  const root = server.timeline(room)[0]?.eventId ?? "";
  await listening(bot);
  const messageId = server.say(room, alice.userId, {
    msgtype: "m.text",
    body: "why dpkg",
    "m.relates_to": { rel_type: "m.thread", event_id: root },
  });
  await until(() => server.presence(room).read[bot.userId] === messageId);
  t.deepEqual(received, [
    {
      destination: `matrix:${room}`,
      messageId,
      sender: alice.userId,
      body: "why dpkg",
      addressed: true,
      thread: root,
      sentAt: new Date(server.events(room).at(-1)?.origin_server_ts ?? 0),
    },
  ]);
});

test("a line that begins with a mention is received without it, as said to us", async (t) => {
  const { server, bot, alice, room, received } = await stage(t);
  const ben = await server.newUser("ben");
  server.invite(room, alice.userId, ben.userId);
  server.join(room, ben.userId);
  await listening(bot);
  const pill = `<a href="https://matrix.to/#/${bot.userId}">bot</a>`;
  const lines = [
    ["bot: status", `${pill}: status`],
    ["ask bot: status", `ask ${pill}: status`],
    ["status", "status"],
  ];
  for (const [body, formatted] of lines) {
    server.say(room, alice.userId, {
      msgtype: "m.text",
      body,
      format: "org.matrix.custom.html",
      formatted_body: formatted,
      "m.mentions": formatted === body ? {} : { user_ids: [bot.userId] },
    });
  }
  await until(() => received.length === 3);
  t.deepEqual(
    received.map((text) => [text.body, text.addressed]),
    [
      ["status", true],
      ["ask bot: status", false],
      ["status", false],
    ],
  );
});

test("the place in the stream survives in the database", async (t) => {
  const { server, bot, alice, room, channel, received } = await stage(t);
  await listening(bot);
  server.say(room, alice.userId, "one");
  await until(() => received.length === 1);
  await channel.stop?.();
  server.say(room, alice.userId, "two");
  await openChannel(t, server, bot, {}, (text) => {
    received.push(text);
    return true;
  });
  await until(() => received.length >= 2);
  t.deepEqual(
    received.map((text) => text.body),
    ["one", "two"],
  );
});

test("a room that moved is reported as a destination that moved", async (t) => {
  const { server, bot, alice, channel, moves } = await stage(t);
  const old = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(old, bot.userId);
  await listening(bot);
  const replacement = server.upgrade(old, alice.userId);
  await until(() => moves.length > 0);
  t.deepEqual(moves, [[`matrix:${old}`, `matrix:${replacement}`]]);
  await channel.stop?.();
});

test("a refused token stops the channel and keeps the delivery", async (t) => {
  const { server, bot, room, channel } = await stage(t);
  server.revoke(bot.token);
  const outcome = await channel.send(delivery(room), never);
  t.like(outcome, { outcome: "failed", retry: true, stop: true });
});

test("the storage keeps, replaces and forgets", async (t) => {
  const storage = databaseStorage();
  const key = randomUUID();
  t.is(await storage.get(key), undefined);
  await storage.set(key, "one");
  await storage.set(key, "two");
  t.is(await storage.get(key), "two");
  await storage.set(key, undefined);
  t.is(await storage.get(key), undefined);
});
