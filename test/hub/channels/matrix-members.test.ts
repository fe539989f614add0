import test, { type ExecutionContext } from "ava";
import type { Account } from "../../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../../support/homeserver/homeserver.ts";
import { type Bench, following, openBench, until } from "../../support/homeserver-session.ts";

interface Stage {
  server: Homeserver;
  bot: Account;
  alice: Account;
  ben: Account;
  /** Made by alice, with the bot in it. */
  room: string;
  bench: Bench;
}

async function stage(t: ExecutionContext): Promise<Stage> {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
  const ben = await server.newUser("ben");
  const room = server.createRoom(alice.userId, { invite: [bot.userId] });
  server.join(room, bot.userId);
  const bench = await openBench(t, server, bot);
  await following(bench);
  return { server, bot, alice, ben, room, bench };
}

/** What was heard, and whether it was said to us alone. */
async function heard(bench: Bench, count: number): Promise<Array<[string, boolean]>> {
  await until(() => bench.heard.length >= count);
  return bench.heard.map(({ body, alone }) => [body, alone]);
}

function asked(server: Homeserver): number {
  return server.requests.filter(({ path }) => path.endsWith("/joined_members")).length;
}

test("a room is for two until a third one joins, and again when he has left", async (t) => {
  const { server, alice, ben, room, bench } = await stage(t);
  server.say(room, alice.userId, "two");
  await heard(bench, 1);
  server.invite(room, alice.userId, ben.userId);
  server.say(room, alice.userId, "invited");
  await heard(bench, 2);
  server.join(room, ben.userId);
  server.say(room, alice.userId, "three");
  await heard(bench, 3);
  server.leave(room, ben.userId);
  server.say(room, alice.userId, "two again");
  t.deepEqual(await heard(bench, 4), [
    ["two", true],
    ["invited", true],
    ["three", false],
    ["two again", true],
  ]);
});

test("who was there when it was said counts, not who is there when it is heard", async (t) => {
  const { server, alice, ben, room, bench } = await stage(t);
  await bench.session.stop();
  server.say(room, alice.userId, "two");
  server.invite(room, alice.userId, ben.userId);
  server.join(room, ben.userId);
  server.say(room, alice.userId, "for ben");
  server.say(room, ben.userId, "for alice");
  server.kick(room, alice.userId, ben.userId);
  server.say(room, alice.userId, "two again");
  t.deepEqual(await heard(await bench.again(), 4), [
    ["two", true],
    ["for ben", false],
    ["for alice", false],
    ["two again", true],
  ]);
});

test("that holds over a gap as well", async (t) => {
  const { server, alice, ben, room, bench } = await stage(t);
  server.invite(room, alice.userId, ben.userId);
  server.join(room, ben.userId);
  server.say(room, alice.userId, "three");
  await heard(bench, 1);
  await bench.session.stop();
  server.say(room, alice.userId, "for ben");
  server.leave(room, ben.userId);
  for (let n = 0; n < 80; n += 1) server.say(room, alice.userId, `m${n}`);
  const lines = await heard(await bench.again(), 81);
  t.deepEqual(lines[0], ["for ben", false]);
  t.true(lines.slice(1).every(([, alone]) => alone));
});

test("a room begun as a direct chat is for two only as long as it is", async (t) => {
  const { server, bot, alice, ben, bench } = await stage(t);
  const direct = server.createRoom(alice.userId, { is_direct: true, invite: [bot.userId] });
  server.join(direct, bot.userId);
  server.invite(direct, alice.userId, ben.userId);
  server.join(direct, ben.userId);
  server.say(direct, alice.userId, "three");
  t.deepEqual(await heard(bench, 1), [["three", false]]);
});

test("the members of a larger room are asked for once, until many have left", async (t) => {
  const { server, alice, ben, room, bench } = await stage(t);
  const carl = await server.newUser("carl");
  for (const { userId } of [ben, carl]) {
    server.invite(room, alice.userId, userId);
    server.join(room, userId);
  }
  for (let n = 1; n <= 5; n += 1) {
    server.say(room, alice.userId, `m${n}`);
    await heard(bench, n);
  }
  t.is(asked(server), 1);
  server.leave(room, carl.userId);
  server.leave(room, ben.userId);
  server.say(room, alice.userId, "two");
  t.deepEqual((await heard(bench, 6)).at(-1), ["two", true]);
});

test("who left while we were out of the room is not counted after we came back", async (t) => {
  const { server, bot, alice, ben, room, bench } = await stage(t);
  const others = [ben, await server.newUser("carl"), await server.newUser("dora")];
  for (const { userId } of others) {
    server.invite(room, alice.userId, userId);
    server.join(room, userId);
  }
  server.say(room, alice.userId, "five");
  await heard(bench, 1);
  server.kick(room, alice.userId, bot.userId);
  for (const { userId } of others) server.leave(room, userId);
  server.invite(room, alice.userId, bot.userId);
  server.join(room, bot.userId);
  server.say(room, alice.userId, "two");
  t.deepEqual(await heard(bench, 2), [
    ["five", false],
    ["two", true],
  ]);
});

test("our name is the one we have in the room now", async (t) => {
  const { server, bot, alice, ben, room, bench } = await stage(t);
  server.invite(room, alice.userId, ben.userId);
  server.join(room, ben.userId);
  server.say(room, alice.userId, "one");
  await heard(bench, 1);
  await fetch(`${server.url}/_matrix/client/v3/profile/${bot.userId}/displayname`, {
    method: "PUT",
    headers: { authorization: `Bearer ${bot.token}` },
    body: JSON.stringify({ displayname: "Lania" }),
  });
  server.say(room, alice.userId, "two");
  await heard(bench, 2);
  t.deepEqual(
    bench.heard.map((message) => message.ownName),
    ["bot", "Lania"],
  );
});

test("while the homeserver does not say who is there, nothing is taken as said to us", async (t) => {
  const { server, alice, room, bench } = await stage(t);
  const fault = server.fault({ path: "/joined_members" }, { kind: "answer", status: 503 });
  server.say(room, alice.userId, "one");
  await until(() => fault.hits() > 2);
  t.is(bench.heard.length, 0);
  fault.remove();
  t.deepEqual(await heard(bench, 1), [["one", true]]);
});
