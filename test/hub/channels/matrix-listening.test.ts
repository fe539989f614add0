import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import type { Account } from "../../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../../support/homeserver/homeserver.ts";
import { createMemory, following, openBench, until } from "../../support/homeserver-session.ts";

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  /** Made by alice, with the bot in it. */
  room: string;
}

async function stage(t: ExecutionContext): Promise<Stage> {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
  const room = server.createRoom(alice.userId, { invite: [bot.userId] });
  server.join(room, bot.userId);
  return { server, bot, alice, room };
}

test("a first start hears nothing of what was said before, and says how much that was", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  for (const text of ["one", "two", "three", "four", "five"]) server.say(room, alice.userId, text);
  const bench = await openBench(t, server, bot);
  await following(bench);
  server.say(room, alice.userId, "now");
  await until(() => bench.heard.length > 0);
  t.deepEqual(bench.bodies(), ["now"]);
  t.deepEqual(bench.skipped, [{ room, reason: "first sync", count: 5 }]);
});

test("a message carries what a command needs to know", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const eventId = server.say(room, alice.userId, {
    msgtype: "m.text",
    body: "status",
    format: "org.matrix.custom.html",
    formatted_body: "<b>status</b>",
    "m.mentions": { user_ids: [bot.userId] },
  });
  await until(() => bench.heard.length > 0);
  const [message] = bench.heard;
  const time = server.events(room).at(-1)?.origin_server_ts;
  t.deepEqual(message, {
    room,
    eventId,
    sender: alice.userId,
    body: "status",
    formatted: "<b>status</b>",
    time: new Date(time ?? 0),
    isDirect: false,
    alone: true,
    ownName: "bot",
    mentionsUs: true,
    threadRoot: undefined,
    replyTo: undefined,
  });
});

test("the place in the stream moves on only after the handler is done, so a crash repeats", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  let begun = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const first = await openBench(t, server, bot, {
    // As in a process that dies in the middle of its work.
    handlers: { onMessage: () => ((begun += 1), released) },
  });
  t.teardown(release);
  await following(first);
  const key = `${bot.userId} since`;
  const place = first.memory.entries.get(key);
  server.say(room, alice.userId, "import");
  await until(() => begun > 0);
  t.is(first.memory.entries.get(key), place);
  const memory = createMemory(first.memory.entries);
  const second = await first.again({ handlers: {}, memory });
  await until(() => second.heard.length > 0);
  t.deepEqual(second.bodies(), ["import"]);
  await until(() => memory.entries.get(key) !== place);
});

test("a handler that fails is called again, and what was done is not done twice", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const calls: string[] = [];
  let broken = true;
  const bench = await openBench(t, server, bot, {
    handlers: {
      onMessage: (message) => {
        calls.push(message.body);
        if (message.body === "two" && broken) {
          broken = false;
          return Promise.reject(new Error("the database is away"));
        }
        return Promise.resolve();
      },
    },
  });
  await following(bench);
  const held = server.fault({ path: "/sync", times: 1 }, { kind: "slow", ms: 50 });
  for (const text of ["one", "two", "three"]) server.say(room, alice.userId, text);
  await until(() => calls.includes("three"));
  held.remove();
  t.deepEqual(calls, ["one", "two", "two", "three"]);
});

test("what was said while away is heard once after a restart", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  server.say(room, alice.userId, "before");
  await until(() => first.heard.length === 1);
  await first.session.stop();
  server.say(room, alice.userId, "while away");
  const second = await first.again();
  await until(() => second.heard.length > 0);
  server.say(room, alice.userId, "after");
  await until(() => second.heard.length > 1);
  t.deepEqual(second.bodies(), ["while away", "after"]);
});

test("a gap is filled: 500 messages while away are all heard, in order, once", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  server.say(room, alice.userId, "seen");
  await until(() => first.heard.length === 1);
  await first.session.stop();
  const sent = Array.from({ length: 500 }, (_, index) => `m${index}`);
  for (const text of sent) server.say(room, alice.userId, text);
  const second = await first.again();
  await until(() => second.heard.length >= 500);
  server.say(room, alice.userId, "end");
  await until(() => second.bodies().includes("end"));
  t.deepEqual(second.bodies(), [...sent, "end"]);
});

test("a gap is filled up to the last message heard, also by a server that ignores where to end", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  for (const text of ["old one", "old two"]) server.say(room, alice.userId, text);
  await until(() => first.heard.length === 2);
  await first.session.stop();
  const sent = Array.from({ length: 70 }, (_, index) => `m${index}`);
  for (const text of sent) server.say(room, alice.userId, text);
  server.ignoreEndOfHistory();
  const second = await first.again();
  await until(() => second.heard.length >= 70);
  t.deepEqual(second.bodies(), sent);
});

test("who joins hears nothing of what was said before, however long the history", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(bench);
  const other = server.createRoom(alice.userId);
  for (let n = 0; n < 80; n += 1) server.say(other, alice.userId, `history ${n}`);
  server.invite(other, alice.userId, bot.userId);
  await until(() => server.membership(other, bot.userId).membership === "join");
  for (let n = 0; n < 80; n += 1) server.say(other, alice.userId, `new ${n}`);
  await until(() => bench.heard.length >= 80);
  server.say(room, alice.userId, "end");
  await until(() => bench.bodies().includes("end"));
  t.deepEqual(bench.bodies(), [...Array.from({ length: 80 }, (_, n) => `new ${n}`), "end"]);
});

test("who was removed and came back hears nothing of what was said in between", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  server.say(room, alice.userId, "still there");
  server.kick(room, alice.userId, bot.userId);
  server.say(room, alice.userId, "not for the bot");
  server.invite(room, alice.userId, bot.userId);
  server.join(room, bot.userId);
  server.say(room, alice.userId, "back");
  const second = await first.again();
  await until(() => second.heard.length > 0);
  t.deepEqual(second.bodies(), ["back"]);
});

test("a change of the bot's own name hides nothing", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  server.say(room, alice.userId, "one");
  await fetch(`${server.url}/_matrix/client/v3/profile/${bot.userId}/displayname`, {
    method: "PUT",
    headers: { authorization: `Bearer ${bot.token}` },
    body: JSON.stringify({ displayname: "Laniakea" }),
  });
  server.say(room, alice.userId, "two");
  const second = await first.again();
  await until(() => second.heard.length > 1);
  t.deepEqual(second.bodies(), ["one", "two"]);
});

test("own messages, notices, edits, media, state and reactions trigger nothing", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const command = server.say(room, alice.userId, "status");
  server.say(room, bot.userId, "status");
  server.say(room, alice.userId, { msgtype: "m.notice", body: "status" });
  server.say(room, alice.userId, { msgtype: "m.image", body: "status", url: "mxc://a/b" });
  server.say(room, alice.userId, {
    msgtype: "m.text",
    body: "* import",
    "m.new_content": { msgtype: "m.text", body: "import" },
    "m.relates_to": { rel_type: "m.replace", event_id: command },
  });
  server.react(room, alice.userId, command, "👍");
  server.say(room, alice.userId, { body: 7, msgtype: "m.text" });
  server.say(room, alice.userId, { body: "no type" });
  server.say(room, alice.userId, "end");
  await until(() => bench.bodies().includes("end"));
  t.deepEqual(bench.bodies(), ["status", "end"]);
});

test("a message taken back before it was heard is not heard", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  const regretted = server.say(room, alice.userId, "remove everything");
  server.redact(room, alice.userId, regretted);
  server.say(room, alice.userId, "status");
  const redacted: string[] = [];
  const second = await first.again({
    handlers: { onRedaction: ({ eventId }) => void redacted.push(eventId) },
  });
  await until(() => second.heard.length > 0);
  t.deepEqual(second.bodies(), ["status"]);
  t.deepEqual(redacted, [regretted]);
});

test("a redaction and a reaction name who did it and to what", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const seen: unknown[] = [];
  const bench = await openBench(t, server, bot, {
    handlers: {
      onRedaction: ({ eventId, sender }) => void seen.push(["redacted", eventId, sender]),
      onReaction: ({ target, key, sender }) => void seen.push([key, target, sender]),
    },
  });
  await following(bench);
  const event = server.say(room, alice.userId, "status");
  server.react(room, alice.userId, event, "👍");
  server.redact(room, alice.userId, event);
  await until(() => seen.length === 2);
  t.deepEqual(seen, [
    ["👍", event, alice.userId],
    ["redacted", event, alice.userId],
  ]);
});

test("the quotation of a reply is taken off, in both forms; thread and answered event are named", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const root = server.say(room, bot.userId, "Import failed");
  server.say(room, alice.userId, {
    msgtype: "m.text",
    body: `> <${bot.userId}> import bookworm\n> really\n\nwhy dpkg`,
    format: "org.matrix.custom.html",
    formatted_body: "<mx-reply><blockquote>import bookworm</blockquote></mx-reply>why dpkg",
    "m.relates_to": { "m.in_reply_to": { event_id: root } },
  });
  server.say(room, alice.userId, {
    msgtype: "m.text",
    body: "import trixie",
    "m.relates_to": {
      rel_type: "m.thread",
      event_id: root,
      is_falling_back: true,
      "m.in_reply_to": { event_id: root },
    },
  });
  await until(() => bench.heard.length === 2);
  const [reply, threaded] = bench.heard;
  t.like(reply, { body: "why dpkg", formatted: "why dpkg", replyTo: root, threadRoot: undefined });
  t.like(threaded, { body: "import trixie", threadRoot: root, replyTo: undefined });
});

test("lines that a person quotes without answering stay", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  server.say(room, alice.userId, "> quoted\nwhy dpkg");
  await until(() => bench.heard.length === 1);
  t.deepEqual(bench.bodies(), ["> quoted\nwhy dpkg"]);
});

test("an event that comes twice is heard once", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const event = server.say(room, alice.userId, "import");
  await until(() => bench.heard.length === 1);
  server.duplicate(room, event);
  server.say(room, alice.userId, "end", { time: 1 });
  await until(() => bench.bodies().includes("end"));
  t.deepEqual(bench.bodies(), ["import", "end"]);
});

test("an answer that is lost or delayed, errors and nonsense are outlived", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot, { pollMs: 50 });
  await following(bench);
  const faults = [
    server.fault({ path: "/sync", times: 2 }, { kind: "cut after" }),
    server.fault({ path: "/sync", times: 2 }, { kind: "cut before" }),
    server.fault({ path: "/sync", times: 1 }, { kind: "answer", status: 502, body: "<html>" }),
    server.fault({ path: "/sync", times: 1 }, { kind: "answer", status: 200, body: "<html>" }),
    server.fault({ path: "/sync", times: 1 }, { kind: "answer", status: 200, body: "null" }),
    server.fault({ path: "/sync", times: 1 }, { kind: "answer", status: 403, body: "a proxy" }),
    server.fault({ path: "/sync", times: 1 }, { kind: "limited", afterMs: 10 }),
  ];
  server.say(room, alice.userId, "through");
  await until(() => bench.heard.length === 1);
  t.deepEqual(bench.bodies(), ["through"]);
  t.deepEqual(
    faults.map((fault) => fault.hits()),
    [2, 2, 1, 1, 1, 1, 1],
  );
  t.is(bench.session.health().state, "running");
});

test("while the homeserver fails the health says so and why, and afterwards that it is over", async (t) => {
  const { server, bot } = await stage(t);
  const bench = await openBench(t, server, bot, { pollMs: 20 });
  await following(bench);
  const fault = server.fault({ path: "/sync" }, { kind: "answer", status: 503 });
  await until(() => bench.session.health().state === "failing");
  t.is(bench.session.health().problem, "M_UNKNOWN: Internal server error");
  fault.remove();
  await until(() => bench.session.health().state === "running");
  t.is(bench.session.health().problem, undefined);
});

test("a homeserver that is away at the start is waited for", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const fault = server.fault({ path: "/whoami" }, { kind: "cut before" });
  const bench = await openBench(t, server, bot);
  t.is(bench.session.health().state, "connecting");
  await until(() => fault.hits() > 2);
  fault.remove();
  await following(bench);
  server.say(room, alice.userId, "hello");
  await until(() => bench.heard.length === 1);
  t.pass();
});

test("a place in the stream that the homeserver does not know means beginning anew, without history", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  first.memory.entries.set(`${bot.userId} since`, "s5_of-another-server");
  server.say(room, alice.userId, "history");
  const second = await first.again();
  await following(second);
  server.say(room, alice.userId, "now");
  await until(() => second.heard.length > 0);
  t.deepEqual(second.bodies(), ["now"]);
  t.deepEqual(second.skipped, [{ room, reason: "first sync", count: 1 }]);
});

test("another account does not go on from this one's place", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  const carol = await server.newUser("carol");
  server.invite(room, alice.userId, carol.userId);
  server.join(room, carol.userId);
  server.say(room, alice.userId, "history");
  const second = await openBench(t, server, carol, { memory: first.memory });
  await following(second);
  t.deepEqual(second.bodies(), []);
});

test("a revoked token ends the session with a clear error, in the middle of a poll", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  server.revoke(bot.token);
  await until(() => bench.fatal.length > 0);
  const [error] = bench.fatal;
  t.is(error?.code, "MATRIX_TOKEN_REFUSED");
  t.regex(error?.message ?? "", /does not accept the access token of @bot:double\.test/);
  t.regex(error?.hint ?? "", /Write a new access token of @bot:double\.test into .*token/);
  t.is(bench.session.health().state, "dead");
  const before = server.requests.length;
  server.say(room, alice.userId, "anybody there?");
  await sleep(100);
  t.is(server.requests.length, before);
  t.is(bench.fatal.length, 1);
});

test("a stop cuts the long poll short", async (t) => {
  const { server, bot } = await stage(t);
  const bench = await openBench(t, server, bot, { pollMs: 600_000 });
  await following(bench);
  // Without the abort this would take ten minutes, and the test's own limit would end it.
  await bench.session.stop();
  t.is(bench.session.health().state, "stopped");
});

test("a stop ends a pause between attempts, and a session can start again", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const fault = server.fault({ path: "/whoami" }, { kind: "limited", afterMs: 600_000 });
  const bench = await openBench(t, server, bot);
  await until(() => fault.hits() > 0);
  await bench.session.stop();
  fault.remove();
  await bench.session.start({ onMessage: (message) => void bench.heard.push(message) });
  await following(bench);
  server.say(room, alice.userId, "hello");
  await until(() => bench.heard.length === 1);
  t.pass();
});

test("failing look-ups while joining, and malformed events, end no process", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const unhandled: unknown[] = [];
  const note = (thrown: unknown): void => void unhandled.push(thrown);
  process.on("unhandledRejection", note);
  t.teardown(() => process.off("unhandledRejection", note));
  server.fault({ path: "/members" }, { kind: "answer", status: 500 });
  server.fault({ path: "/state" }, { kind: "answer", status: 500 });
  const bench = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(bench);
  const other = server.createRoom(alice.userId, { invite: [bot.userId] });
  server.setState(room, alice.userId, "m.room.encryption", { algorithm: 1 });
  server.setState(other, alice.userId, "m.room.tombstone", { replacement_room: { a: 1 } });
  server.setState(other, alice.userId, "m.room.topic", { topic: null });
  await until(() => server.membership(other, bot.userId).membership === "join");
  server.say(other, alice.userId, "end");
  await until(() => bench.bodies().includes("end"));
  t.deepEqual(unhandled, []);
});

test("a redirecting or endless homeserver is not followed", async (t) => {
  const { server, bot } = await stage(t);
  const elsewhere = await startHomeserver();
  t.teardown(() => elsewhere.stop());
  server.fault(
    { path: "/whoami" },
    { kind: "answer", status: 302, headers: { location: `${elsewhere.url}/steal` } },
  );
  const bench = await openBench(t, server, bot);
  await until(() => bench.session.health().problem !== undefined);
  t.regex(bench.session.health().problem ?? "", /redirects to http.*\/steal/);
  t.deepEqual(elsewhere.requests, []);
});
