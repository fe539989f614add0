import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { type Api, api, inRoom } from "./homeserver/api.ts";
import type { Ground } from "./homeserver/ground.ts";
import type { Case } from "./homeserver-cases.ts";
import {
  type Bench,
  type BenchOptions,
  following,
  notice,
  openBench,
  until,
} from "./homeserver-session.ts";

let made = 0;

interface Stage {
  bot: Api;
  alice: Api;
  /** Made by alice, with the bot in it. */
  room: string;
  bench: Bench;
}

async function person(ground: Ground, name: string): Promise<Api> {
  made += 1;
  return api(ground, await ground.newUser(`${name}-s${made}`));
}

async function stage(
  t: ExecutionContext,
  ground: Ground,
  options: BenchOptions = {},
): Promise<Stage> {
  const [bot, alice] = [await person(ground, "bot"), await person(ground, "alice")];
  const room = await alice.createRoom({ invite: [bot.account.userId] });
  await bot.call("POST", `${inRoom(room)}/join`, {});
  const bench = await openBench(t, ground, bot.account, options);
  if (options.deaf !== true) await following(bench);
  return { bot, alice, room, bench };
}

async function isJoined(alice: Api, room: string, who: Api): Promise<boolean> {
  const { body } = await alice.call("GET", `${inRoom(room)}/joined_members`);
  return body.joined?.[who.account.userId] !== undefined;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}

/** The messages of a room by one sender, oldest first, as served. */
async function messagesBy(
  alice: Api,
  room: string,
  who: Api,
): Promise<Array<{ event_id: string; content: Record<string, unknown>; unsigned: any }>> {
  const { body } = await alice.call("GET", `${inRoom(room)}/messages?dir=b&limit=100`);
  return body.chunk
    .filter(
      (event: { type: string; sender: string }) =>
        event.type === "m.room.message" && event.sender === who.account.userId,
    )
    .reverse();
}

function remoteId(outcome: { outcome: string; remoteId?: string }): string {
  return outcome.remoteId ?? "";
}

/** What the session does, without faults: on the double and on a real Synapse. */
export const sessionCases: Case[] = [
  {
    title: "a notice arrives once with both bodies, also when sent again after a restart",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      const text = { message: { tone: "good" as const, headline: [{ strong: "<dpkg>" }] } };
      const first = await bench.session.send(room, text, "delivery-1");
      t.like(first, { outcome: "delivered" });
      await bench.session.stop();
      const again = await bench.again();
      t.deepEqual(await again.session.send(room, text, "delivery-1"), first);
      const served = await messagesBy(alice, room, bot);
      t.is(served.length, 1);
      t.is(served[0]?.event_id, remoteId(first));
      t.is(served[0]?.content["msgtype"], "m.notice");
      t.is(served[0]?.content["body"], "✅ <dpkg>");
      t.regex(String(served[0]?.content["formatted_body"]), /<b>&lt;dpkg&gt;<\/b>/);
    },
  },
  {
    title: "a first start hears no history, then everything, and a restart what came meanwhile",
    async run(t, ground) {
      const { alice, room, bench } = await stage(t, ground, { idle: true, deaf: true });
      for (const text of ["old 1", "old 2", "old 3"]) await alice.send(room, text, text);
      await bench.session.start({ onMessage: (message) => void bench.heard.push(message) });
      await following(bench);
      await alice.send(room, "1", "one");
      await until(() => bench.heard.length > 0);
      await bench.session.stop();
      await alice.send(room, "2", "two");
      const second = await bench.again({ idle: false, deaf: false });
      await alice.send(room, "3", "three");
      await until(() => second.heard.length >= 2);
      t.deepEqual(bench.bodies(), ["one"]);
      t.deepEqual(second.bodies(), ["two", "three"]);
    },
  },
  {
    title: "a gap is filled, in order and once",
    async run(t, ground) {
      const { alice, room, bench } = await stage(t, ground);
      await alice.send(room, "seen", "seen");
      await until(() => bench.heard.length === 1);
      await bench.session.stop();
      const sent = Array.from({ length: 170 }, (_, index) => `m${index}`);
      for (const text of sent) await alice.send(room, text, text);
      const second = await bench.again();
      await until(() => second.heard.length >= sent.length);
      await alice.send(room, "end", "end");
      await until(() => second.bodies().includes("end"));
      t.deepEqual(second.bodies(), [...sent, "end"]);
    },
  },
  {
    title: "who joins, or comes back, hears nothing of what was said before",
    async run(t, ground) {
      const { bot, alice, bench } = await stage(t, ground, { acceptInvite: () => true });
      const room = await alice.createRoom({});
      const invite = { user_id: bot.account.userId };
      for (let n = 0; n < 60; n += 1) await alice.send(room, `h${n}`, `history ${n}`);
      await alice.call("POST", `${inRoom(room)}/invite`, invite);
      await waitFor(() => isJoined(alice, room, bot));
      await alice.send(room, "1", "first");
      await until(() => bench.heard.length > 0);
      await alice.call("POST", `${inRoom(room)}/kick`, invite);
      await alice.send(room, "2", "in between");
      await alice.call("POST", `${inRoom(room)}/invite`, invite);
      await waitFor(() => isJoined(alice, room, bot));
      await alice.send(room, "3", "second");
      await until(() => bench.bodies().includes("second"));
      t.deepEqual(bench.bodies(), ["first", "second"]);
    },
  },
  {
    title: "who was invited, removed and invited again while away hears only what is theirs",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      await bench.session.stop();
      await alice.send(room, "1", "still there");
      await alice.call("POST", `${inRoom(room)}/kick`, { user_id: bot.account.userId });
      await alice.send(room, "2", "in between");
      await alice.call("POST", `${inRoom(room)}/invite`, { user_id: bot.account.userId });
      await bot.call("POST", `${inRoom(room)}/join`, {});
      await alice.send(room, "3", "back");
      const second = await bench.again();
      await until(() => second.bodies().includes("back"));
      // Synapse may still have the answer to the poll that the stop cut short.
      t.deepEqual(
        second.bodies().filter((body) => body !== "still there"),
        ["back"],
      );
    },
  },
  {
    title: "a change of the bot's own name hides nothing",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      await bench.session.stop();
      await alice.send(room, "1", "one");
      const path = `/profile/${encodeURIComponent(bot.account.userId)}/displayname`;
      await bot.call("PUT", path, { displayname: "Laniakea" });
      await sleep(300);
      await alice.send(room, "2", "two");
      const second = await bench.again();
      await until(() => second.heard.length >= 2);
      t.deepEqual(second.bodies(), ["one", "two"]);
    },
  },
  {
    title: "edits, notices and reactions are no commands; redactions and reactions are reported",
    async run(t, ground) {
      const seen: unknown[] = [];
      const { alice, room, bench } = await stage(t, ground, {
        handlers: {
          onRedaction: ({ eventId }) => void seen.push(["redacted", eventId]),
          onReaction: ({ key, target }) => void seen.push([key, target]),
        },
      });
      const { body: sent } = await alice.send(room, "1", "status");
      await alice.send(room, "2", {
        msgtype: "m.text",
        body: "* import",
        "m.new_content": { msgtype: "m.text", body: "import" },
        "m.relates_to": { rel_type: "m.replace", event_id: sent.event_id },
      });
      await alice.send(room, "3", { msgtype: "m.notice", body: "import" });
      const relation = { rel_type: "m.annotation", event_id: sent.event_id, key: "👍" };
      await alice.send(room, "4", { "m.relates_to": relation }, "m.reaction");
      await until(() => seen.length === 1);
      const event = encodeURIComponent(sent.event_id);
      await alice.call("PUT", `${inRoom(room)}/redact/${event}/r`, {});
      await until(() => seen.length === 2);
      t.deepEqual(bench.bodies(), ["status"]);
      t.deepEqual(seen, [
        ["👍", sent.event_id],
        ["redacted", sent.event_id],
      ]);
    },
  },
  {
    title: "an edit changes the message, a repeated reaction is one",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      const sent = remoteId(await bench.session.send(room, notice("10 %"), "a"));
      t.like(await bench.session.edit(room, sent, notice("done"), "b"), { outcome: "delivered" });
      const [first] = await messagesBy(alice, room, bot);
      const replacement = first?.unsigned["m.relations"]["m.replace"].content["m.new_content"];
      t.is(replacement.body, "ℹ️ done");
      const { body } = await alice.send(room, "1", "import");
      const one = await bench.session.react(room, body.event_id, "👀", "c");
      t.like(one, { outcome: "delivered" });
      t.deepEqual(await bench.session.react(room, body.event_id, "👀", "d"), one);
      t.true(await bench.session.typing(room, true));
      t.true(await bench.session.markRead(room, body.event_id));
    },
  },
  {
    title: "an invitation is answered by the list, with the reason when it is refused",
    async run(t, ground) {
      const [bot, alice] = [await person(ground, "guest"), await person(ground, "friend")];
      const mallory = await person(ground, "mallory");
      const bench = await openBench(t, ground, bot.account, {
        matrix: { invites_from: [alice.account.userId] },
      });
      await following(bench);
      const invite = [bot.account.userId];
      const wanted = await alice.createRoom({ invite });
      const lure = await mallory.createRoom({ invite });
      const content = { algorithm: "m.megolm.v1.aes-sha2" };
      const encrypted = await alice.createRoom({
        invite,
        initial_state: [{ type: "m.room.encryption", state_key: "", content }],
      });
      await waitFor(() => isJoined(alice, wanted, bot));
      const reason = async (who: Api, room: string): Promise<string | undefined> => {
        const path = `${inRoom(room)}/state/m.room.member/${encodeURIComponent(bot.account.userId)}`;
        const { body } = await who.call("GET", path);
        return body.membership === "leave" ? body.reason : undefined;
      };
      await waitFor(async () => (await reason(mallory, lure)) !== undefined);
      t.regex((await reason(mallory, lure)) ?? "", /^I accept no invitations from @mallory/);
      await waitFor(async () => (await reason(alice, encrypted)) !== undefined);
      t.regex((await reason(alice, encrypted)) ?? "", /end-to-end encrypted/);
    },
  },
  {
    title: "an encrypted room gets nothing, whether followed or asked about",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      t.like(await bench.session.send(room, notice("one"), "a"), { outcome: "delivered" });
      const content = { algorithm: "m.megolm.v1.aes-sha2" };
      await alice.call("PUT", `${inRoom(room)}/state/m.room.encryption/`, content);
      await until(() => bench.session.health().encryptedRooms.length > 0);
      const refused = { outcome: "failed" as const, retry: false };
      t.like(await bench.session.send(room, notice("two"), "b"), refused);
      const mute = await openBench(t, ground, bot.account, { deaf: true });
      t.like(await mute.session.send(room, notice("three"), "c"), refused);
      t.is((await messagesBy(alice, room, bot)).length, 1);
    },
  },
  {
    title: "a room one is not in, or was removed from, asks for an invitation",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground, { deaf: true });
      const closed = await alice.createRoom({});
      const uninvited = { outcome: "failed" as const, retry: true, afterMs: 60_000 };
      t.like(await bench.session.send(closed, notice("x"), "a"), uninvited);
      await alice.call("POST", `${inRoom(room)}/kick`, { user_id: bot.account.userId });
      t.like(await bench.session.send(room, notice("x"), "b"), uninvited);
      await alice.call("POST", `${inRoom(room)}/invite`, { user_id: bot.account.userId });
      t.like(await bench.session.send(room, notice("x"), "b"), { outcome: "delivered" });
      const nowhere = `#nowhere:${ground.serverName}`;
      t.like(await bench.session.send(nowhere, notice("x"), "c"), {
        outcome: "failed",
        retry: false,
      });
    },
  },
  {
    title: "a replaced room is followed, by alias and by its old id",
    async run(t, ground) {
      const replaced: Array<{ old: string; replacement: string }> = [];
      const { bot, alice, bench } = await stage(t, ground, {
        handlers: { onRoomReplaced: (change) => void replaced.push(change) },
      });
      const name = `move-${bot.account.deviceId.toLowerCase()}`;
      const old = await alice.createRoom({ preset: "public_chat", room_alias_name: name });
      await bot.call("POST", `${inRoom(old)}/join`, {});
      const answer = await alice.call("POST", `${inRoom(old)}/upgrade`, { new_version: "12" });
      const replacement = String(answer.body.replacement_room);
      await until(() => replaced.length > 0);
      t.deepEqual(replaced, [{ old, replacement }]);
      t.like(await bench.session.send(old, notice("1"), "a"), { outcome: "delivered" });
      const alias = `#${name}:${ground.serverName}`;
      t.like(await bench.session.send(alias, notice("2"), "b"), { outcome: "delivered" });
      const served = await messagesBy(alice, replacement, bot);
      t.deepEqual(
        served.map((event) => event.content["body"]),
        ["ℹ️ 1", "ℹ️ 2"],
      );
    },
  },
  {
    title: "a tombstone by somebody without power is not followed",
    async run(t, ground) {
      const { bot, alice, bench } = await stage(t, ground);
      const mallory = await person(ground, "mallory");
      const levels = { events: { "m.room.tombstone": 0 }, state_default: 0 };
      const room = await alice.createRoom({
        preset: "public_chat",
        power_level_content_override: levels,
      });
      for (const who of [bot, mallory]) await who.call("POST", `${inRoom(room)}/join`, {});
      const trap = await mallory.createRoom({
        preset: "public_chat",
        creation_content: { predecessor: { room_id: room } },
      });
      const set = await mallory.call("PUT", `${inRoom(room)}/state/m.room.tombstone/`, {
        body: "moved",
        replacement_room: trap,
      });
      t.is(set.status, 200);
      await alice.send(room, "1", "status");
      await until(() => bench.heard.length > 0);
      await sleep(500);
      t.false(await isJoined(mallory, trap, bot));
      t.like(await bench.session.send(room, notice("here"), "a"), { outcome: "delivered" });
      t.deepEqual(await messagesBy(mallory, trap, bot), []);
    },
  },
  {
    title: "too many messages are put off for as long as asked, and none is lost or doubled",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground, { deaf: true });
      await ground.limit(bot.account, 1, 2);
      let putOff = 0;
      for (let n = 0; n < 5; n += 1) {
        for (;;) {
          const outcome = await bench.session.send(room, notice(`n${n}`), `limit-${n}`);
          if (outcome.outcome === "delivered") break;
          t.like(outcome, { outcome: "failed", retry: true });
          putOff += 1;
          await sleep(outcome.outcome === "failed" ? (outcome.afterMs ?? 60_000) : 0);
        }
      }
      t.true(putOff > 0);
      const served = await messagesBy(alice, room, bot);
      t.deepEqual(
        served.map((event) => event.content["body"]),
        Array.from({ length: 5 }, (_, n) => `ℹ️ n${n}`),
      );
    },
  },
  {
    title: "the longest message that is sent is taken, as an edit too",
    async run(t, ground) {
      const { room, bench } = await stage(t, ground, { deaf: true });
      const message = { tone: "neutral" as const, headline: ["long"], quote: "<ü>".repeat(50_000) };
      const sent = await bench.session.send(room, { message }, "a");
      t.like(sent, { outcome: "delivered" });
      t.like(await bench.session.edit(room, remoteId(sent), { message }, "b"), {
        outcome: "delivered",
      });
    },
  },
  {
    title: "a login that ends ends the session with a clear error",
    async run(t, ground) {
      const { bot, bench, room } = await stage(t, ground);
      await bot.call("POST", "/logout", {});
      await until(() => bench.fatal.length > 0);
      t.is(bench.fatal[0]?.code, "MATRIX_TOKEN_REFUSED");
      t.like(await bench.session.send(room, notice("x"), "a"), { outcome: "failed", stop: true });
    },
  },
  {
    title: "a place in the stream that is not known means beginning anew",
    async run(t, ground) {
      const { bot, alice, room, bench } = await stage(t, ground);
      await bench.session.stop();
      bench.memory.entries.set(`${bot.account.userId} since`, "from-another-server");
      await alice.send(room, "1", "history");
      const second = await bench.again();
      await following(second);
      await alice.send(room, "2", "now");
      await until(() => second.heard.length > 0);
      t.deepEqual(second.bodies(), ["now"]);
    },
  },
  {
    title: "the first start logs in with the password and keeps token and device",
    async run(t, ground) {
      const bot = await person(ground, "login");
      const bench = await openBench(t, ground, bot.account, {
        idle: true,
        deaf: true,
        matrix: { token_file: "new-token", password_file: "password" },
      });
      const directory = bench.settings.dataDirectory;
      await writeFile(join(directory, "password"), bot.account.password, { mode: 0o600 });
      await bench.session.start();
      await bench.session.stop();
      const token = (await readFile(join(directory, "new-token"), "utf8")).trim();
      const again = api(ground, { ...bot.account, token });
      const { body } = await again.call("GET", "/account/whoami");
      t.is(body.user_id, bot.account.userId);
      t.is(body.device_id, bench.memory.entries.get(`${bot.account.userId} device`));
      await bench.session.start();
      t.is((await readFile(join(directory, "new-token"), "utf8")).trim(), token);
    },
  },
];
