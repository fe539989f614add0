import test, { type ExecutionContext } from "ava";
import { html } from "../../../core/html.ts";
import type { Account } from "../../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../../support/homeserver/homeserver.ts";
import { following, notice, openBench, until } from "../../support/homeserver-session.ts";

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  room: string;
}

async function stage(t: ExecutionContext): Promise<Stage> {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
  const room = server.createRoom(alice.userId, { invite: [bot.userId], room_alias_name: "news" });
  server.join(room, bot.userId);
  return { server, bot, alice, room };
}

const ENCRYPTION = { algorithm: "m.megolm.v1.aes-sha2" };

function messagesOf(server: Homeserver, room: string): Array<string | undefined> {
  return server.timeline(room).map((shown) => shown.body);
}

test("a message is a notice with plain text and HTML that mentions nobody", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const message = {
    tone: "good" as const,
    headline: ["Imported ", { strong: "dpkg" }, " for @room"],
  };
  const outcome = await session.send(room, { message, prefix: "[test]" }, "t1");
  const [shown] = server.timeline(room);
  t.deepEqual(outcome, { outcome: "delivered", remoteId: shown?.eventId });
  t.like(shown, {
    sender: bot.userId,
    msgtype: "m.notice",
    body: "[test] ✅ Imported dpkg for @room",
  });
  t.regex(shown?.html ?? "", /^\[test\] <p>✅ .*<b>dpkg<\/b>.* for @room<\/p>$/);
  t.deepEqual(shown?.content["m.mentions"], {});
  t.is(shown?.content["format"], "org.matrix.custom.html");
});

test("hostile text stays text in the HTML", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const hostile = `</p><script>alert(1)</script><img src=x onerror="alert(2)">`;
  const message = {
    tone: "bad" as const,
    headline: [{ strong: hostile }, { link: hostile, to: "javascript:alert(3)" }],
    details: [[{ code: hostile }]],
    quote: hostile,
    table: { columns: [hostile], rows: [[hostile]] },
  };
  await session.send(room, { message, prefix: hostile }, "t1");
  const [shown] = server.timeline(room);
  const tags = (shown?.html ?? "").match(/<[^>]*>/g) ?? [];
  t.true(tags.length > 0);
  t.deepEqual(
    tags.filter((tag) => /script|img|onerror|javascript/i.test(tag)),
    [],
  );
  t.true(shown?.html?.includes(html`${hostile}`.text));
  t.true(shown?.body?.includes(hostile));
});

test("the answer is lost and the message sent again: one copy, also after a restart", async (t) => {
  const { server, bot, room } = await stage(t);
  const first = await openBench(t, server, bot, { deaf: true });
  server.fault({ path: "/send/", times: 1 }, { kind: "cut after" });
  const lost = await first.session.send(room, notice("hello"), "delivery-1");
  t.like(lost, { outcome: "failed", retry: true });
  await first.session.stop();
  const second = await first.again();
  const outcome = await second.session.send(room, notice("hello"), "delivery-1");
  t.deepEqual(messagesOf(server, room), ["ℹ️ hello"]);
  t.deepEqual(outcome, { outcome: "delivered", remoteId: server.timeline(room)[0]?.eventId });
});

test("the connection breaks before the message arrives: it is sent when tried again", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  server.fault({ path: "/send/", times: 1 }, { kind: "cut before" });
  t.like(await session.send(room, notice("hello"), "d"), { outcome: "failed", retry: true });
  t.deepEqual(messagesOf(server, room), []);
  t.like(await session.send(room, notice("hello"), "d"), { outcome: "delivered" });
  t.deepEqual(messagesOf(server, room), ["ℹ️ hello"]);
});

test("a transaction that the homeserver has forgotten is found in the room", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const sent = await session.send(room, notice("hello"), "d");
  for (let n = 0; n < 300; n += 1) server.say(room, alice.userId, `m${n}`);
  server.forgetTransactions();
  const unclearSince = new Date(Date.now() - 30 * 3_600_000);
  const again = await session.send(room, notice("hello"), "d", { unclearSince });
  t.deepEqual(again, sent);
  const other = await session.send(room, notice("other"), "e", { unclearSince });
  t.like(other, { outcome: "delivered" });
  t.is(messagesOf(server, room).length, 302);
});

test("an edit that the homeserver has forgotten is found in the room", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const sent = await session.send(room, notice("10 %"), "d");
  const id = sent.outcome === "delivered" ? (sent.remoteId ?? "") : "";
  await session.edit(room, id, notice("done"), "e");
  server.forgetTransactions();
  const unclearSince = new Date(Date.now() - 13 * 3_600_000);
  await session.edit(room, id, notice("done"), "e", { unclearSince });
  t.is(server.timeline(room)[0]?.edits, 1);
});

test("as a new device the room is searched for what the old one may have sent", async (t) => {
  const { server, bot, room } = await stage(t);
  const first = await openBench(t, server, bot, { deaf: true });
  server.fault({ path: "/send/", times: 1 }, { kind: "cut after" });
  const unclearSince = new Date();
  t.like(await first.session.send(room, notice("hello"), "d"), { outcome: "failed" });
  await first.session.stop();
  const device = server.newDevice(bot.userId);
  const second = await openBench(t, server, device, { deaf: true, memory: first.memory });
  t.like(await second.session.send(room, notice("hello"), "d", { unclearSince }), {
    outcome: "delivered",
  });
  t.deepEqual(messagesOf(server, room), ["ℹ️ hello"]);
});

test("what was refused in so many words was not taken, what got no answer perhaps was", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const cases: [Parameters<typeof server.fault>[1], boolean][] = [
    [{ kind: "limited", afterMs: 10 }, true],
    [{ kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN", error: "no" } }, true],
    [{ kind: "answer", status: 403, body: "<html>a proxy</html>" }, false],
    [{ kind: "answer", status: 502, body: "<html>" }, false],
    [{ kind: "answer", status: 500 }, false],
    [{ kind: "cut before" }, false],
    [{ kind: "cut after" }, false],
  ];
  for (const [fault, untaken] of cases) {
    const active = server.fault({ path: "/send/" }, fault);
    const outcome = await session.send(room, notice("x"), JSON.stringify(fault));
    t.like(outcome, { outcome: "failed", untaken }, JSON.stringify(fault));
    active.remove();
  }
});

test("a wait in milliseconds is not rounded up to the seconds of the header", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  server.fault({ path: "/send/", times: 1 }, { kind: "limited", afterMs: 1_234 });
  t.like(await session.send(room, notice("x"), "d"), { afterMs: 1_234 });
});

for (const tell of ["body", "header", "both"] as const) {
  test(`too many messages: the wait is taken from the ${tell}`, async (t) => {
    const { server, bot, room } = await stage(t);
    const { session } = await openBench(t, server, bot, { deaf: true });
    server.fault({ path: "/send/", times: 1 }, { kind: "limited", afterMs: 7_000, tell });
    const limited = await session.send(room, notice("hello"), "d");
    t.deepEqual(limited, {
      outcome: "failed",
      retry: true,
      untaken: true,
      afterMs: 7_000,
      limited: true,
      reason: `${room}: M_LIMIT_EXCEEDED: Too Many Requests`,
    });
    t.like(await session.send(room, notice("hello"), "d"), { outcome: "delivered" });
    t.deepEqual(messagesOf(server, room), ["ℹ️ hello"]);
  });
}

test("refusals are final, what others than the homeserver say is not", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const cases: Array<[number, unknown, boolean]> = [
    [400, { errcode: "M_BAD_JSON", error: "no" }, false],
    [413, { errcode: "M_TOO_LARGE", error: "no" }, false],
    [500, { errcode: "M_UNKNOWN", error: "no" }, true],
    [502, "<html>Bad gateway</html>", true],
    [403, "<html>blocked by a firewall</html>", true],
    [404, "<html>no such site</html>", true],
    [200, "<html>log in to the hotel's network</html>", true],
  ];
  for (const [status, body, retry] of cases) {
    const fault = server.fault({ path: "/send/" }, { kind: "answer", status, body });
    const outcome = await session.send(room, notice("hello"), "d");
    t.like(outcome, { outcome: "failed", retry }, `${status} ${JSON.stringify(body)}`);
    fault.remove();
  }
  server.setState(room, alice.userId, "m.room.power_levels", { events_default: 50 });
  const silenced = await session.send(room, notice("hello"), "d");
  t.like(silenced, { outcome: "failed", retry: false });
  t.deepEqual(messagesOf(server, room), []);
});

test("an encrypted room gets nothing, with a clear reason, for ever", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const first = await openBench(t, server, bot, { deaf: true });
  server.setState(room, alice.userId, "m.room.encryption", ENCRYPTION);
  const expected = {
    outcome: "failed" as const,
    retry: false,
    untaken: true,
    reason: `${room} is end-to-end encrypted, which is not supported yet: nothing was sent`,
  };
  t.deepEqual(await first.session.send(room, notice("secret"), "a"), expected);
  t.deepEqual(first.session.health().encryptedRooms, [room]);
  await first.session.stop();
  // Even if the state could be taken back, or the homeserver lied about it.
  server.fault(
    { path: "/state/m.room.encryption" },
    { kind: "answer", status: 404, body: { errcode: "M_NOT_FOUND", error: "Event not found." } },
  );
  const { session } = await first.again();
  t.deepEqual(await session.send(room, notice("secret"), "b"), expected);
  t.deepEqual(await session.edit(room, "$x", notice("secret"), "c"), expected);
  t.deepEqual(await session.react(room, "$x", "✅", "d"), expected);
  t.deepEqual(messagesOf(server, room), []);
});

test("nothing is sent while it is unknown whether the room is encrypted", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  server.setState(room, alice.userId, "m.room.encryption", ENCRYPTION);
  const looks: Parameters<typeof server.fault>[1][] = [
    { kind: "answer", status: 500 },
    { kind: "answer", status: 502, body: "<html>" },
    { kind: "answer", status: 404, body: "<html>not found</html>" },
    { kind: "answer", status: 404, body: { errcode: "M_UNRECOGNIZED", error: "no" } },
    { kind: "answer", status: 302, body: "", headers: { location: "/login" } },
    { kind: "limited", afterMs: 3_000 },
    { kind: "cut before" },
    { kind: "cut after" },
  ];
  for (const look of looks) {
    const fault = server.fault({ path: "/state/m.room.encryption" }, look);
    const outcome = await session.send(room, notice("secret"), "a");
    t.like(outcome, { outcome: "failed", retry: true }, JSON.stringify(look));
    t.true(
      outcome.outcome === "failed" &&
        outcome.reason.startsWith(`it is not known whether ${room} is encrypted`),
    );
    fault.remove();
  }
  t.deepEqual(messagesOf(server, room), []);
});

test("a room that becomes encrypted while the stream is followed gets nothing more", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  t.like(await bench.session.send(room, notice("one"), "a"), { outcome: "delivered" });
  const looks = (): number =>
    server.requests.filter(({ path }) => path.endsWith("/m.room.encryption/")).length;
  t.like(await bench.session.send(room, notice("two"), "b"), { outcome: "delivered" });
  t.is(looks(), 1);
  server.setState(room, alice.userId, "m.room.encryption", ENCRYPTION);
  await until(() => bench.session.health().encryptedRooms.length > 0);
  const outcome = await bench.session.send(room, notice("three"), "c");
  t.like(outcome, { outcome: "failed", retry: false });
  t.deepEqual(messagesOf(server, room), ["ℹ️ one", "ℹ️ two"]);
  t.is(looks(), 1);
});

test("while the stream is not followed the room is asked about before each message", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  t.like(await session.send(room, notice("one"), "a"), { outcome: "delivered" });
  server.setState(room, alice.userId, "m.room.encryption", ENCRYPTION);
  t.like(await session.send(room, notice("two"), "b"), { outcome: "failed", retry: false });
  t.deepEqual(messagesOf(server, room), ["ℹ️ one"]);
});

test("what people say in clear in an encrypted room is not heard, for it could not be answered", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  server.setState(room, alice.userId, "m.room.encryption", ENCRYPTION);
  server.say(room, alice.userId, "remove dpkg");
  const other = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(other, bot.userId);
  server.say(other, alice.userId, "end");
  await until(() => bench.bodies().includes("end"));
  t.deepEqual(bench.bodies(), ["end"]);
});

test("a room by alias is found, and joined when it may be", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  t.like(await session.send("#news:double.test", notice("hello"), "a"), { outcome: "delivered" });
  t.deepEqual(messagesOf(server, room), ["ℹ️ hello"]);
  const open = server.createRoom(alice.userId, {
    preset: "public_chat",
    room_alias_name: "open",
  });
  t.like(await session.send("#open:double.test", notice("hello"), "b"), { outcome: "delivered" });
  t.deepEqual(messagesOf(server, open), ["ℹ️ hello"]);
  t.deepEqual((await session.joinedRooms()).sort(), [room, open].sort());
  const nowhere = await session.send("#nowhere:double.test", notice("hello"), "c");
  t.like(nowhere, { outcome: "failed", retry: false });
});

test("a room that needs an invitation is tried again later, and says whom to invite", async (t) => {
  const { server, bot, alice } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const closed = server.createRoom(alice.userId);
  const expected = {
    outcome: "failed" as const,
    retry: true,
    untaken: true,
    afterMs: 60_000,
    reason: `@bot:double.test is not in ${closed} and may not join: invite it`,
  };
  t.deepEqual(await session.send(closed, notice("hello"), "a"), expected);
  server.invite(closed, alice.userId, bot.userId);
  t.like(await session.send(closed, notice("hello"), "a"), { outcome: "delivered" });
  server.kick(closed, alice.userId, bot.userId);
  t.deepEqual(await session.send(closed, notice("bye"), "b"), expected);
  t.deepEqual(messagesOf(server, closed), ["ℹ️ hello"]);
});

test("being removed is noticed also where the room is believed to be known", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const bench = await openBench(t, server, bot);
  await following(bench);
  t.like(await bench.session.send(room, notice("one"), "a"), { outcome: "delivered" });
  server.kick(room, alice.userId, bot.userId);
  t.like(await bench.session.send(room, notice("two"), "b"), {
    outcome: "failed",
    retry: true,
    afterMs: 60_000,
  });
});

test("an edit replaces what the message says", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const sent = await session.send(room, notice("10 %"), "a");
  const id = sent.outcome === "delivered" ? (sent.remoteId ?? "") : "";
  await session.edit(room, id, notice("50 %"), "b");
  await session.edit(room, id, notice("done"), "c");
  await session.edit(room, id, notice("done"), "c");
  const [shown, ...others] = server.timeline(room);
  t.deepEqual(others, []);
  t.like(shown, { eventId: id, body: "ℹ️ done", edits: 2, msgtype: "m.notice" });
  t.regex(shown?.html ?? "", /done/);
  t.deepEqual(shown?.content["m.mentions"], {});
  t.is(server.events(room).at(-1)?.content["body"], "* ℹ️ done");
});

test("an answer and a thread point where they belong", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const command = server.say(room, alice.userId, "import");
  const later = server.say(room, alice.userId, "more");
  await session.send(room, { ...notice("a"), replyTo: command }, "a");
  await session.send(room, { ...notice("b"), thread: command }, "b");
  await session.send(room, { ...notice("c"), thread: command, replyTo: later }, "c");
  const relations = server
    .events(room)
    .filter((event) => event.sender === bot.userId && event.type === "m.room.message")
    .map((event) => event.content["m.relates_to"]);
  t.deepEqual(relations, [
    { "m.in_reply_to": { event_id: command } },
    {
      rel_type: "m.thread",
      event_id: command,
      is_falling_back: true,
      "m.in_reply_to": { event_id: command },
    },
    { rel_type: "m.thread", event_id: command, "m.in_reply_to": { event_id: later } },
  ]);
});

test("a reaction is there once, however often it is given", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const command = server.say(room, alice.userId, "import");
  const first = await session.react(room, command, "👀", "a");
  t.like(first, { outcome: "delivered" });
  t.deepEqual(await session.react(room, command, "👀", "a"), first);
  t.deepEqual(await session.react(room, command, "👀", "another"), first);
  t.deepEqual(server.timeline(room)[0]?.reactions, { "👀": [bot.userId] });
});

test("typing and what was read are shown", async (t) => {
  const { server, bot, alice, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  const command = server.say(room, alice.userId, "import");
  t.true(await session.typing(room, true));
  t.true(await session.markRead(room, command));
  t.deepEqual(server.presence(room), { typing: [bot.userId], read: { [bot.userId]: command } });
  t.true(await session.typing(room, false));
  t.deepEqual(server.presence(room).typing, []);
  server.fault({ path: "/typing" }, { kind: "answer", status: 500 });
  t.false(await session.typing(room, true));
});

test("a long message is cut in both forms, measured in bytes, and says so", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  for (const [name, text] of Object.entries({
    ascii: "x".repeat(100_000),
    wide: "ü".repeat(50_000),
    emoji: "👀".repeat(30_000),
    escaped: "<&>\"'".repeat(20_000),
    lines: "a\n".repeat(40_000),
  })) {
    const message = { tone: "neutral" as const, headline: ["long"], quote: text };
    const sent = await session.send(room, { message, thread: "$root" }, `${name} 1`);
    t.like(sent, { outcome: "delivered" }, name);
    const id = sent.outcome === "delivered" ? (sent.remoteId ?? "") : "";
    t.like(await session.edit(room, id, { message }, `${name} 2`), { outcome: "delivered" });
    const [event, edit] = server.events(room).slice(-2);
    for (const content of [event?.content ?? {}, edit?.content ?? {}]) {
      const size = Buffer.byteLength(JSON.stringify(content));
      t.true(size <= 60 * 1024 && size > 59 * 1024, `${name}: ${size} bytes`);
      t.regex(String(content["body"]), /… \[cut: \d+ of \d+ characters are missing\]$/);
      t.regex(String(content["formatted_body"]), /… \[cut: \d+ of \d+ characters are missing\]$/);
      t.false(/\ufffd/.test(JSON.stringify(content)), name);
    }
  }
});

test("half a character and control characters do no harm", async (t) => {
  const { server, bot, room } = await stage(t);
  const { session } = await openBench(t, server, bot, { deaf: true });
  await session.send(room, notice("a\ud800b\u0000c"), "a");
  t.is(server.timeline(room)[0]?.body, "ℹ️ a\ufffdb\ufffdc");
});

test("a revoked token stops all sending, is reported once, and keeps the message", async (t) => {
  const { server, bot, room } = await stage(t);
  const bench = await openBench(t, server, bot, { deaf: true });
  server.revoke(bot.token);
  const outcome = await bench.session.send(room, notice("hello"), "a");
  t.like(outcome, { outcome: "failed", retry: true, stop: true });
  t.like(await bench.session.send(room, notice("hello"), "a"), {
    outcome: "failed",
    retry: true,
    stop: true,
  });
  t.deepEqual(
    bench.fatal.map((error) => error.code),
    ["MATRIX_TOKEN_REFUSED"],
  );
  t.is(bench.session.health().state, "dead");
});

test("a send that is given up, and one before the start, may be tried again", async (t) => {
  const { server, bot, room } = await stage(t);
  const bench = await openBench(t, server, bot, { deaf: true, idle: true });
  t.like(await bench.session.send(room, notice("hello"), "a"), { outcome: "failed", retry: true });
  await bench.session.start();
  const fault = server.fault({ path: "/send/" }, { kind: "held", until: new Promise(() => {}) });
  const controller = new AbortController();
  const sending = bench.session.send(room, notice("hello"), "a", { signal: controller.signal });
  await until(() => fault.hits() > 0);
  controller.abort();
  t.like(await sending, { outcome: "failed", retry: true });
  const other = bench.session.send(room, notice("hello"), "a");
  await until(() => fault.hits() > 1);
  await bench.session.stop();
  t.like(await other, { outcome: "failed", retry: true });
});
