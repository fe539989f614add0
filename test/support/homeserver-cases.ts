import type { ExecutionContext } from "ava";
import { type Api, api, inRoom, stranger } from "./homeserver/api.ts";
import type { Ground } from "./homeserver/ground.ts";

/** One thing that a homeserver does, checked with plain requests on the double and on Synapse. */
export interface Case {
  title: string;
  run(t: ExecutionContext, ground: Ground): Promise<void>;
}

let made = 0;

/** A new account, with a name that no other case uses. */
async function person(ground: Ground, name: string): Promise<Api> {
  made += 1;
  return api(ground, await ground.newUser(`${name}${made}`));
}

/** A room of the first with all others in it. */
async function roomOf(first: Api, ...others: Api[]): Promise<string> {
  const invited = others.map((other) => other.account.userId);
  const room = await first.createRoom({ preset: "private_chat", invite: invited });
  for (const other of others) await other.call("POST", `${inRoom(room)}/join`, {});
  return room;
}

function bodies(events: Array<{ type: string; content: { body?: string } }>): unknown[] {
  return events.filter((event) => event.type === "m.room.message").map((one) => one.content.body);
}

const accounts: Case[] = [
  {
    title: "a request without a token and one with a wrong token are told apart",
    async run(t, ground) {
      const none = await stranger(ground).call("GET", "/account/whoami");
      t.is(none.status, 401);
      t.is(none.body.errcode, "M_MISSING_TOKEN");
      const account = { userId: "", token: "wrong", deviceId: "", password: "" };
      const wrong = await api(ground, account).call("GET", "/account/whoami");
      t.is(wrong.status, 401);
      t.is(wrong.body.errcode, "M_UNKNOWN_TOKEN");
      t.false(wrong.body.soft_logout);
    },
  },
  {
    title: "a login with a device id keeps the device and gives a new token",
    async run(t, ground) {
      const { account } = await person(ground, "login");
      const login = {
        type: "m.login.password",
        identifier: { type: "m.id.user", user: account.userId },
        password: account.password,
        device_id: account.deviceId,
      };
      const answer = await stranger(ground).call("POST", "/login", login);
      t.is(answer.status, 200);
      t.is(answer.body.user_id, account.userId);
      t.is(answer.body.device_id, account.deviceId);
      t.not(answer.body.access_token, account.token);
      const wrong = await stranger(ground).call("POST", "/login", { ...login, password: "no" });
      t.is(wrong.status, 403);
      t.is(wrong.body.errcode, "M_FORBIDDEN");
    },
  },
  {
    title: "a token is unknown after its logout, and a poll that waits with it ends",
    async run(t, ground) {
      const bot = await person(ground, "logout");
      const { body } = await bot.sync();
      const poll = bot.sync(body.next_batch, undefined, 20_000);
      await new Promise((resolve) => setTimeout(resolve, 300));
      t.is((await bot.call("POST", "/logout", {})).status, 200);
      t.true([200, 401].includes((await poll).status));
      const after = await bot.sync(body.next_batch);
      t.is(after.status, 401);
      t.is(after.body.errcode, "M_UNKNOWN_TOKEN");
    },
  },
  {
    title: "an unknown path and a wrong method are unrecognized",
    async run(t, ground) {
      const bot = await person(ground, "lost");
      const unknown = await bot.call("GET", "/nonsense");
      t.is(unknown.status, 404);
      t.is(unknown.body.errcode, "M_UNRECOGNIZED");
    },
  },
];

const sending: Case[] = [
  {
    title: "a transaction gives its first event again, whatever the second request says",
    async run(t, ground) {
      const bot = await person(ground, "txn");
      const room = await roomOf(bot);
      const first = await bot.send(room, "a/b 1", "one");
      const again = await bot.send(room, "a/b 1", "two");
      t.is(first.status, 200);
      t.is(again.body.event_id, first.body.event_id);
      const { body } = await bot.call("GET", `${inRoom(room)}/messages?dir=b`);
      t.deepEqual(bodies(body.chunk), ["one"]);
    },
  },
  {
    title: "the transaction id is echoed to the device that sent it, and to nobody else",
    async run(t, ground) {
      const [bot, alice] = [await person(ground, "echo"), await person(ground, "reader")];
      const room = await roomOf(bot, alice);
      const before = await alice.sync();
      const { body: sent } = await bot.send(room, "echo-1", "hello");
      const path = `${inRoom(room)}/event/${encodeURIComponent(sent.event_id)}`;
      t.is((await bot.call("GET", path)).body.unsigned.transaction_id, "echo-1");
      const seen = await alice.sync(before.body.next_batch);
      const event = seen.body.rooms.join[room].timeline.events[0];
      t.is(event.event_id, sent.event_id);
      t.is(event.unsigned.transaction_id, undefined);
      t.is(event.room_id, undefined);
    },
  },
  {
    title: "who is not in the room may not send, and learns nothing else",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "owner"), await person(ground, "outsider")];
      const room = await roomOf(alice);
      const answer = await bot.send(room, "t", "hello");
      t.is(answer.status, 403);
      t.is(answer.body.errcode, "M_FORBIDDEN");
      const state = await bot.call("GET", `${inRoom(room)}/state/m.room.encryption`);
      t.is(state.status, 403);
      t.is(state.body.errcode, "M_FORBIDDEN");
    },
  },
  {
    title: "state that was never set is not found; state that was set is its content",
    async run(t, ground) {
      const bot = await person(ground, "state");
      const room = await roomOf(bot);
      const none = await bot.call("GET", `${inRoom(room)}/state/m.room.encryption/`);
      t.is(none.status, 404);
      t.is(none.body.errcode, "M_NOT_FOUND");
      const content = { algorithm: "m.megolm.v1.aes-sha2" };
      await bot.call("PUT", `${inRoom(room)}/state/m.room.encryption/`, content);
      const set = await bot.call("GET", `${inRoom(room)}/state/m.room.encryption/`);
      t.deepEqual([set.status, set.body], [200, content]);
      // The server does not stop anybody from sending in clear: the client has to.
      t.is((await bot.send(room, "clear", "hello")).status, 200);
    },
  },
  {
    title: "state needs power: a tombstone in a version 12 room that of a creator",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "creator"), await person(ground, "member")];
      const room = await roomOf(alice, bot);
      const tombstone = { body: "moved", replacement_room: "!elsewhere:example.org" };
      const refused = await bot.call("PUT", `${inRoom(room)}/state/m.room.tombstone/`, tombstone);
      t.is(refused.status, 403);
      t.is(refused.body.errcode, "M_FORBIDDEN");
      const done = await alice.call("PUT", `${inRoom(room)}/state/m.room.tombstone/`, tombstone);
      t.is(done.status, 200);
    },
  },
  {
    title: "an event above 65,536 bytes is too large, counted in bytes",
    async run(t, ground) {
      const bot = await person(ground, "large");
      const room = await roomOf(bot);
      t.is((await bot.send(room, "fits", "x".repeat(64_000))).status, 200);
      const ascii = await bot.send(room, "ascii", "x".repeat(66_000));
      t.deepEqual([ascii.status, ascii.body.errcode], [413, "M_TOO_LARGE"]);
      const wide = await bot.send(room, "wide", "ü".repeat(33_000));
      t.deepEqual([wide.status, wide.body.errcode], [413, "M_TOO_LARGE"]);
    },
  },
  {
    title: "what is not JSON is refused",
    async run(t, ground) {
      const bot = await person(ground, "json");
      const room = await roomOf(bot);
      const path = `${inRoom(room)}/send/m.room.message/1`;
      const answer = await bot.call("PUT", path, "{nope");
      t.deepEqual([answer.status, answer.body.errcode], [400, "M_NOT_JSON"]);
    },
  },
  {
    title: "too many messages are refused with the wait in milliseconds and in seconds",
    async run(t, ground) {
      const bot = await person(ground, "hasty");
      const room = await roomOf(bot);
      await ground.limit(bot.account, 1, 2);
      let answer = await bot.send(room, "l0", "hello");
      for (let n = 1; n < 20 && answer.status === 200; n += 1) {
        answer = await bot.send(room, `l${n}`, "hello");
      }
      t.is(answer.status, 429);
      t.is(answer.body.errcode, "M_LIMIT_EXCEEDED");
      t.true(answer.body.retry_after_ms > 0 && answer.body.retry_after_ms <= 2000);
      t.true(Number(answer.retryAfter) >= 1);
    },
  },
];

const relations: Case[] = [
  {
    title: "an edit leaves the event's content and is bundled beside it",
    async run(t, ground) {
      const bot = await person(ground, "editor");
      const room = await roomOf(bot);
      const { body: sent } = await bot.send(room, "1", "first");
      await bot.send(room, "2", {
        msgtype: "m.text",
        body: "* second",
        "m.new_content": { msgtype: "m.text", body: "second" },
        "m.relates_to": { rel_type: "m.replace", event_id: sent.event_id },
      });
      const path = `${inRoom(room)}/event/${encodeURIComponent(sent.event_id)}`;
      const { body: event } = await bot.call("GET", path);
      t.is(event.content.body, "first");
      t.is(event.unsigned["m.relations"]["m.replace"].content["m.new_content"].body, "second");
    },
  },
  {
    title: "the same reaction by the same user is refused; relations list the first",
    async run(t, ground) {
      const bot = await person(ground, "reactor");
      const room = await roomOf(bot);
      const { body: sent } = await bot.send(room, "1", "good?");
      const relation = { rel_type: "m.annotation", event_id: sent.event_id, key: "👍" };
      const content = { "m.relates_to": relation };
      const first = await bot.send(room, "2", content, "m.reaction");
      const again = await bot.send(room, "3", content, "m.reaction");
      t.deepEqual([again.status, again.body.errcode], [400, "M_DUPLICATE_ANNOTATION"]);
      const event = encodeURIComponent(sent.event_id);
      const path = `/_matrix/client/v1${inRoom(room)}/relations/${event}/m.annotation/m.reaction`;
      const { body } = await bot.call("GET", path);
      t.deepEqual(
        body.chunk.map((one: { event_id: string }) => one.event_id),
        [first.body.event_id],
      );
    },
  },
  {
    title: "a redacted message is served without content and says why, the redaction as an event",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "writer"), await person(ground, "watcher")];
      const room = await roomOf(alice, bot);
      const { body: sent } = await alice.send(room, "1", "secret");
      const { body: before } = await bot.sync();
      const path = `${inRoom(room)}/redact/${encodeURIComponent(sent.event_id)}/r1`;
      const { body: redaction } = await alice.call("PUT", path, { reason: "oops" });
      const event = `${inRoom(room)}/event/${encodeURIComponent(sent.event_id)}`;
      const { body: served } = await bot.call("GET", event);
      t.deepEqual(served.content, {});
      t.is(served.unsigned.redacted_because.event_id, redaction.event_id);
      const { body: after } = await bot.sync(before.next_batch);
      const seen = after.rooms.join[room].timeline.events[0];
      t.is(seen.type, "m.room.redaction");
      t.is(seen.content.redacts ?? seen.redacts, sent.event_id);
      const denied = await bot.call("PUT", path.replace("r1", "r2"), {});
      t.is(denied.status, 403);
    },
  },
];

const rooms: Case[] = [
  {
    title: "an alias resolves to its room; one that does not exist is not found",
    async run(t, ground) {
      const bot = await person(ground, "alias");
      const name = bot.account.userId.slice(1).split(":")[0] ?? "";
      const room = await bot.createRoom({ room_alias_name: name });
      const alias = encodeURIComponent(`#${name}:${ground.serverName}`);
      t.is((await bot.call("GET", `/directory/room/${alias}`)).body.room_id, room);
      const other = encodeURIComponent(`#no-${name}:${ground.serverName}`);
      const none = await bot.call("GET", `/directory/room/${other}`);
      t.deepEqual([none.status, none.body.errcode], [404, "M_NOT_FOUND"]);
      t.is((await bot.call("POST", `/join/${alias}`, {})).body.room_id, room);
    },
  },
  {
    title: "who was not invited may not join a private room; an unknown room is not found",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "host"), await person(ground, "uninvited")];
      const room = await roomOf(alice);
      const refused = await bot.call("POST", `/join/${encodeURIComponent(room)}`, {});
      t.deepEqual([refused.status, refused.body.errcode], [403, "M_FORBIDDEN"]);
      const unknown = encodeURIComponent(`!none:${ground.serverName}`);
      t.is((await bot.call("POST", `/join/${unknown}`, {})).status, 404);
    },
  },
  {
    title: "an invitation shows the room's encryption and who invited, and is over once refused",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "inviter"), await person(ground, "invited")];
      const { body: before } = await bot.sync();
      const encryption = {
        type: "m.room.encryption",
        state_key: "",
        content: { algorithm: "m.megolm.v1.aes-sha2" },
      };
      const room = await alice.createRoom({
        invite: [bot.account.userId],
        is_direct: true,
        initial_state: [encryption],
      });
      const { body: invited } = await bot.sync(before.next_batch);
      const events = invited.rooms.invite[room].invite_state.events;
      const member = events.find(
        (one: { state_key: string }) => one.state_key === bot.account.userId,
      );
      t.is(member.content.membership, "invite");
      t.true(member.content.is_direct);
      t.is(member.sender, alice.account.userId);
      t.truthy(events.find((one: { type: string }) => one.type === "m.room.encryption"));
      await bot.call("POST", `${inRoom(room)}/leave`, { reason: "no, thanks" });
      const path = `${inRoom(room)}/state/m.room.member/${encodeURIComponent(bot.account.userId)}`;
      const { body: left } = await alice.call("GET", path);
      t.deepEqual([left.membership, left.reason], ["leave", "no, thanks"]);
      const { body: after } = await bot.sync(undefined, { room: { timeline: { limit: 3 } } });
      t.is(after.rooms?.invite?.[room], undefined);
    },
  },
  {
    title: "a replaced room points at its successor, which names its predecessor",
    async run(t, ground) {
      const alice = await person(ground, "mover");
      const room = await roomOf(alice);
      const answer = await alice.call("POST", `${inRoom(room)}/upgrade`, { new_version: "12" });
      const next = answer.body.replacement_room as string;
      const { body: state } = await alice.call("GET", `${inRoom(room)}/state`);
      const tombstone = state.find((one: { type: string }) => one.type === "m.room.tombstone");
      t.is(tombstone.content.replacement_room, next);
      t.is(tombstone.sender, alice.account.userId);
      const { body: create } = await alice.call("GET", `${inRoom(next)}/state/m.room.create/`);
      t.is(create.predecessor.room_id, room);
    },
  },
  {
    title: "the members of a room can be listed by whoever is in it",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "first"), await person(ground, "second")];
      const room = await roomOf(alice, bot);
      const { body } = await bot.call("GET", `${inRoom(room)}/joined_members`);
      t.deepEqual(
        Object.keys(body.joined).sort(),
        [alice.account.userId, bot.account.userId].sort(),
      );
      t.deepEqual((await bot.call("GET", "/joined_rooms")).body.joined_rooms, [room]);
    },
  },
  {
    title: "typing and read receipts are accepted from members",
    async run(t, ground) {
      const bot = await person(ground, "polite");
      const room = await roomOf(bot);
      const { body: sent } = await bot.send(room, "1", "hello");
      const user = encodeURIComponent(bot.account.userId);
      const event = encodeURIComponent(sent.event_id);
      const typing = { typing: true, timeout: 1000 };
      t.is((await bot.call("PUT", `${inRoom(room)}/typing/${user}`, typing)).status, 200);
      t.is((await bot.call("POST", `${inRoom(room)}/receipt/m.read/${event}`, {})).status, 200);
    },
  },
];

const syncing: Case[] = [
  {
    title: "the same first sync is answered from a cache, with an old place in the stream",
    async run(t, ground) {
      const bot = await person(ground, "cached");
      const room = await roomOf(bot);
      const { body: first } = await bot.sync();
      await bot.send(room, "1", "later");
      t.is((await bot.sync()).body.next_batch, first.next_batch);
      const { body: other } = await bot.sync(undefined, undefined, 1);
      t.not(other.next_batch, first.next_batch);
      t.true(bodies(other.rooms.join[room].timeline.events).includes("later"));
    },
  },
  {
    title: "a token that the server did not give is refused",
    async run(t, ground) {
      const bot = await person(ground, "forger");
      const answer = await bot.sync("not-a-token");
      t.is(answer.status, 400);
    },
  },
  {
    title: "a filter that is no JSON is refused, one that is JSON is heeded",
    async run(t, ground) {
      const bot = await person(ground, "filter");
      const room = await roomOf(bot);
      for (const text of ["one", "two"]) await bot.send(room, text, text);
      const bad = await bot.call("GET", `/sync?timeout=0&filter=${encodeURIComponent("{bad")}`);
      t.deepEqual([bad.status, bad.body.errcode], [400, "M_NOT_JSON"]);
      const { body } = await bot.sync(undefined, {
        account_data: { types: [] },
        room: { timeline: { limit: 1, types: ["m.room.message"] }, state: { types: ["m.x"] } },
      });
      t.deepEqual(bodies(body.rooms.join[room].timeline.events), ["two"]);
      t.true(body.rooms.join[room].timeline.limited);
      t.deepEqual(body.rooms.join[room].state?.events ?? [], []);
      t.deepEqual(body.account_data?.events ?? [], []);
    },
  },
  {
    title: "a sync gives what came after the token, and the same for the same token",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "talker"), await person(ground, "listener")];
      const room = await roomOf(alice, bot);
      const { body: first } = await bot.sync();
      await alice.send(room, "1", "one");
      const { body: second } = await bot.sync(first.next_batch);
      t.deepEqual(bodies(second.rooms.join[room].timeline.events), ["one"]);
      t.false(second.rooms.join[room].timeline.limited);
      const { body: again } = await bot.sync(first.next_batch);
      t.deepEqual(bodies(again.rooms.join[room].timeline.events), ["one"]);
      const { body: third } = await bot.sync(second.next_batch);
      t.is(third.rooms?.join?.[room], undefined);
    },
  },
  {
    title: "a poll waits for something to happen",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "late"), await person(ground, "patient")];
      const room = await roomOf(alice, bot);
      const { body: first } = await bot.sync();
      const poll = bot.sync(first.next_batch, undefined, 20_000);
      await alice.send(room, "1", "now");
      const { body } = await poll;
      t.deepEqual(bodies(body.rooms.join[room].timeline.events), ["now"]);
    },
  },
  {
    title: "a gap is marked, and messages from prev_batch to the old token fill it exactly",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "many"), await person(ground, "away")];
      const room = await roomOf(alice, bot);
      await alice.send(room, "seen", "seen");
      const { body: first } = await bot.sync();
      const sent = Array.from({ length: 30 }, (_, index) => `m${index}`);
      for (const text of sent) await alice.send(room, text, text);
      const { body: second } = await bot.sync(first.next_batch);
      const { timeline } = second.rooms.join[room];
      t.true(timeline.limited);
      const filled: unknown[] = bodies(timeline.events);
      let from: string | undefined = timeline.prev_batch;
      for (let page = 0; page < 20 && from !== undefined; page += 1) {
        const query = new URLSearchParams({ dir: "b", limit: "7", from, to: first.next_batch });
        const path = `${inRoom(room)}/messages?${query.toString()}`;
        const { body }: { body: { chunk: []; end?: string } } = await bot.call("GET", path);
        filled.unshift(...bodies(body.chunk).reverse());
        from = body.chunk.length === 0 ? undefined : body.end;
      }
      t.deepEqual(filled, sent);
    },
  },
  {
    title:
      "who joins gets the history with the membership of then, and the own join with what was before",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "old"), await person(ground, "new")];
      const room = await roomOf(alice);
      await alice.send(room, "1", "before the invitation");
      await alice.call("POST", `${inRoom(room)}/invite`, { user_id: bot.account.userId });
      await alice.send(room, "2", "before the join");
      const { body: first } = await bot.sync();
      await bot.call("POST", `${inRoom(room)}/join`, {});
      await alice.send(room, "3", "after the join");
      const { body } = await bot.sync(first.next_batch);
      const { events } = body.rooms.join[room].timeline;
      const byBody = (text: string) =>
        events.find((event: { content: { body?: string } }) => event.content.body === text);
      t.is(byBody("before the invitation").unsigned.membership, "leave");
      t.is(byBody("before the join").unsigned.membership, "invite");
      t.is(byBody("after the join").unsigned.membership, "join");
      const join = events.find(
        (event: { state_key?: string; content: { membership?: string } }) =>
          event.state_key === bot.account.userId && event.content.membership === "join",
      );
      t.is(join.unsigned.prev_content.membership, "invite");
    },
  },
  {
    title: "a change of profile is a join that was a join before",
    async run(t, ground) {
      const bot = await person(ground, "renamed");
      const room = await roomOf(bot);
      const { body: first } = await bot.sync();
      const path = `/profile/${encodeURIComponent(bot.account.userId)}/displayname`;
      await bot.call("PUT", path, { displayname: "Another name" });
      const { body } = await bot.sync(first.next_batch, undefined, 5_000);
      const event = body.rooms.join[room].timeline.events[0];
      t.is(event.content.displayname, "Another name");
      t.is(event.unsigned.prev_content.membership, "join");
    },
  },
  {
    title: "who was removed finds the room among those left, with the reason",
    async run(t, ground) {
      const [alice, bot] = [await person(ground, "kicker"), await person(ground, "kicked")];
      const room = await roomOf(alice, bot);
      const { body: first } = await bot.sync();
      await alice.call("POST", `${inRoom(room)}/kick`, {
        user_id: bot.account.userId,
        reason: "bye",
      });
      const { body } = await bot.sync(first.next_batch);
      t.is(body.rooms?.join?.[room], undefined);
      const last = body.rooms.leave[room].timeline.events.at(-1);
      t.deepEqual([last.content.membership, last.content.reason], ["leave", "bye"]);
    },
  },
];

export const cases: Case[] = [...accounts, ...sending, ...relations, ...rooms, ...syncing];
