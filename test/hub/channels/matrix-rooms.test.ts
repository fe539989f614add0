import test, { type ExecutionContext } from "ava";
import type { Account } from "../../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../../support/homeserver/homeserver.ts";
import { following, notice, openBench, until } from "../../support/homeserver-session.ts";

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  mallory: Account;
}

async function stage(t: ExecutionContext): Promise<Stage> {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const [bot, alice, mallory] = [
    await server.newUser("bot"),
    await server.newUser("alice"),
    await server.newUser("mallory"),
  ];
  return { server, bot, alice, mallory };
}

function joined(server: Homeserver, room: string, user: Account): boolean {
  return server.membership(room, user.userId).membership === "join";
}

test("an invitation is accepted from the list only, and refused with the reason", async (t) => {
  const { server, bot, alice, mallory } = await stage(t);
  const invited = server.createRoom(alice.userId, { invite: [bot.userId] });
  const bench = await openBench(t, server, bot, {
    matrix: { invites_from: [alice.userId, "*:trusted.example"] },
  });
  await following(bench);
  const lure = server.createRoom(mallory.userId, { invite: [bot.userId] });
  await until(() => joined(server, invited, bot));
  await until(() => server.membership(lure, bot.userId).membership === "leave");
  t.is(
    server.membership(lure, bot.userId).reason,
    "I accept no invitations from @mallory:double.test: my operator keeps a list.",
  );
  t.false(
    server
      .events(lure)
      .some((event) => event.content["membership"] === "join" && event.state_key === bot.userId),
  );
});

test("the list takes patterns, and the caller may decide instead", async (t) => {
  const { server, bot, alice, mallory } = await stage(t);
  const asked: unknown[] = [];
  const first = await openBench(t, server, bot, { matrix: { invites_from: "*:double.test" } });
  await following(first);
  const one = server.createRoom(mallory.userId, { invite: [bot.userId] });
  await until(() => joined(server, one, bot));
  await first.session.stop();
  const second = await first.again({
    acceptInvite: (invitation) => {
      asked.push(invitation);
      return Promise.resolve(invitation.sender === alice.userId);
    },
  });
  const two = server.createRoom(mallory.userId, { invite: [bot.userId], is_direct: true });
  await until(() => server.membership(two, bot.userId).membership === "leave");
  t.deepEqual(asked, [{ room: two, sender: mallory.userId, isDirect: true }]);
  t.is(second.session.health().state, "running");
});

test("anybody may invite to a configured room, by id or alias", async (t) => {
  const { server, bot, alice } = await stage(t);
  const byId = server.createRoom(alice.userId);
  const byAlias = server.createRoom(alice.userId, { room_alias_name: "news" });
  const other = server.createRoom(alice.userId);
  const bench = await openBench(t, server, bot, {
    matrix: { room: ["#gone:double.test", byId, "#news:double.test"] },
  });
  await following(bench);
  for (const room of [byId, byAlias, other]) server.invite(room, alice.userId, bot.userId);
  await until(() => joined(server, byId, bot) && joined(server, byAlias, bot));
  await until(() => server.membership(other, bot.userId).membership === "leave");
  t.pass();
});

test("an invitation to an encrypted room is refused with the reason", async (t) => {
  const { server, bot, alice } = await stage(t);
  const bench = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(bench);
  const content = { algorithm: "m.megolm.v1.aes-sha2" };
  const room = server.createRoom(alice.userId, {
    invite: [bot.userId],
    initial_state: [{ type: "m.room.encryption", state_key: "", content }],
  });
  await until(() => server.membership(room, bot.userId).membership === "leave");
  t.is(
    server.membership(room, bot.userId).reason,
    "This room is end-to-end encrypted, which is not supported yet: " +
      "please invite me to a room without encryption.",
  );
});

test("an invitation that came just before a restart is not forgotten", async (t) => {
  const { server, bot, alice, mallory } = await stage(t);
  const first = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(first);
  const fault = server.fault({ path: "/join/" }, { kind: "answer", status: 500 });
  const room = server.createRoom(alice.userId, { invite: [bot.userId] });
  await until(() => fault.hits() > 1);
  await first.session.stop();
  fault.remove();
  // What it was asked for is kept; it does not have to come again.
  const second = await first.again({ acceptInvite: () => true });
  await until(() => joined(server, room, bot));
  // One invitation that cannot be accepted holds up no other.
  server.fault({ path: `/join/${room}` }, { kind: "answer", status: 500 });
  server.kick(room, alice.userId, bot.userId);
  server.invite(room, alice.userId, bot.userId);
  const other = server.createRoom(mallory.userId, { invite: [bot.userId] });
  await until(() => joined(server, other, bot));
  t.is(second.session.health().state, "running");
});

test("messages are heard while an invitation waits for the homeserver", async (t) => {
  const { server, bot, alice } = await stage(t);
  const bench = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(bench);
  const open = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(open, bot.userId);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  server.fault({ path: "/join/" }, { kind: "held", until: released });
  server.createRoom(alice.userId, { invite: [bot.userId] });
  server.say(open, alice.userId, "status");
  await until(() => bench.heard.length === 1);
  release();
  t.pass();
});

test("a chat that was begun as a direct one is marked so, after a restart too", async (t) => {
  const { server, bot, alice } = await stage(t);
  const first = await openBench(t, server, bot, { acceptInvite: () => true });
  await following(first);
  const direct = server.createRoom(alice.userId, { invite: [bot.userId], is_direct: true });
  await until(() => joined(server, direct, bot));
  server.say(direct, alice.userId, "one");
  await until(() => first.heard.length === 1);
  t.true(first.heard[0]?.isDirect);
  await first.session.stop();
  const second = await first.again();
  server.say(direct, alice.userId, "two");
  await until(() => second.heard.length === 1);
  t.true(second.heard[0]?.isDirect);
});

test("a replaced room is followed, and what is addressed to the old one goes to the new one", async (t) => {
  const { server, bot, alice } = await stage(t);
  const replaced: unknown[] = [];
  const old = server.createRoom(alice.userId, { preset: "public_chat", room_alias_name: "news" });
  server.join(old, bot.userId);
  const first = await openBench(t, server, bot, {
    handlers: { onRoomReplaced: (change) => void replaced.push(change) },
  });
  await following(first);
  const replacement = server.upgrade(old, alice.userId);
  await until(() => replaced.length === 1);
  t.deepEqual(replaced, [{ old, replacement }]);
  t.true(joined(server, replacement, bot));
  await first.session.stop();
  const second = await first.again({ handlers: {} });
  t.like(await second.session.send(old, notice("hello"), "a"), { outcome: "delivered" });
  t.like(await second.session.send("#news:double.test", notice("again"), "b"), {
    outcome: "delivered",
  });
  t.deepEqual(
    server.timeline(replacement).map((shown) => shown.body),
    ["ℹ️ hello", "ℹ️ again"],
  );
});

test("whoever has to be told of a replacement is told until it worked", async (t) => {
  const { server, bot, alice } = await stage(t);
  const old = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(old, bot.userId);
  const told: string[] = [];
  const bench = await openBench(t, server, bot, {
    handlers: {
      onRoomReplaced: ({ replacement }) => {
        told.push(replacement);
        if (told.length === 1) throw new Error("the database is away");
      },
    },
  });
  await following(bench);
  const replacement = server.upgrade(old, alice.userId);
  await until(() => told.length === 2);
  t.deepEqual(told, [replacement, replacement]);
});

test("a tombstone by somebody without power is not followed, however the room is set up", async (t) => {
  const { server, bot, alice, mallory } = await stage(t);
  const room = server.createRoom(alice.userId, {
    preset: "public_chat",
    power_level_content_override: { events: { "m.room.tombstone": 0 }, state_default: 0 },
  });
  for (const user of [bot, mallory]) server.join(room, user.userId);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const trap = server.createRoom(mallory.userId, {
    preset: "public_chat",
    creation_content: { predecessor: { room_id: room } },
  });
  server.setState(room, mallory.userId, "m.room.tombstone", { replacement_room: trap });
  server.say(room, alice.userId, "end");
  await until(() => bench.heard.length === 1);
  await until(() => server.requests.some(({ path }) => path.endsWith(`/rooms/${room}/state`)));
  t.like(await bench.session.send(room, notice("hello"), "a"), { outcome: "delivered" });
  t.false(joined(server, trap, bot));
  t.deepEqual(server.timeline(trap), []);
});

test("a replacement that does not name its predecessor is left again", async (t) => {
  const { server, bot, alice } = await stage(t);
  const room = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(room, bot.userId);
  const bench = await openBench(t, server, bot);
  await following(bench);
  const unrelated = server.createRoom(alice.userId, { preset: "public_chat" });
  server.setState(room, alice.userId, "m.room.tombstone", { replacement_room: unrelated });
  await until(() => server.membership(unrelated, bot.userId).reason !== undefined);
  t.is(server.membership(unrelated, bot.userId).membership, "leave");
  t.like(await bench.session.send(room, notice("hello"), "a"), { outcome: "delivered" });
  t.deepEqual(server.timeline(unrelated), []);
});

for (const version of ["10", "11", "12"]) {
  test(`a room of version ${version} is followed when its creator moves it, to a closed room on invitation`, async (t) => {
    const { server, bot, alice } = await stage(t);
    const replaced: unknown[] = [];
    const old = server.createRoom(alice.userId, {
      room_version: version,
      invite: [bot.userId],
    });
    server.join(old, bot.userId);
    const bench = await openBench(t, server, bot, {
      matrix: { invites_from: [alice.userId] },
      handlers: { onRoomReplaced: (change) => void replaced.push(change) },
    });
    await following(bench);
    const replacement = server.upgrade(old, alice.userId);
    await until(() => server.requests.some(({ path }) => path.includes(`/join/${replacement}`)));
    t.deepEqual(replaced, []);
    server.invite(replacement, alice.userId, bot.userId);
    await until(() => replaced.length === 1);
    t.deepEqual(replaced, [{ old, replacement }]);
    t.true(joined(server, replacement, bot));
  });
}

test("a room that was replaced while away is followed", async (t) => {
  const { server, bot, alice } = await stage(t);
  const old = server.createRoom(alice.userId, { preset: "public_chat" });
  server.join(old, bot.userId);
  const first = await openBench(t, server, bot);
  await following(first);
  await first.session.stop();
  const replacement = server.upgrade(old, alice.userId);
  for (let n = 0; n < 120; n += 1) server.say(old, alice.userId, `m${n}`);
  await first.again();
  await until(() => joined(server, replacement, bot));
  t.pass();
});
