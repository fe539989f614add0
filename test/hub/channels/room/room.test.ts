import { randomUUID } from "node:crypto";
import test from "ava";
import { database, inTransaction } from "../../../../core/database/connect.ts";
import type { Outgoing } from "../../../../hub/channels/channel.ts";
import { room } from "../../../../hub/channels/room/index.ts";
import { LOCAL_ROOM, OUR_NAME, readRoom, say } from "../../../../hub/channels/room/room.ts";
import { takeIncoming } from "../../../../hub/incoming.ts";
import { channelContext, hubDatabase, says } from "../../../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(() => database().query("truncate room_message, incoming_message cascade"));
test.after.always(() => database().close());

const channel = room.create(channelContext());
const { signal } = new AbortController();

function outgoing(text: string, part: Partial<Outgoing> = {}): Outgoing {
  return {
    id: randomUUID(),
    destination: LOCAL_ROOM,
    address: "local",
    message: says(text),
    subject: {},
    reason: "test",
    final: true,
    attempt: 1,
    createdAt: new Date(),
    ...part,
  };
}

test.serial("what a person says is in the room, and the bot hears it", async (t) => {
  const id = await say(LOCAL_ROOM, "local:anna", "help\0me");
  t.like((await readRoom(LOCAL_ROOM))[0], { id, sender: "local:anna", body: "help\ufffdme" });
  await takeIncoming((message) => {
    t.like(message, { destination: LOCAL_ROOM, messageId: id, sender: "local:anna" });
    return Promise.resolve("answered");
  });
  t.plan(2);
});

test.serial("a message of ours becomes a line, the same delivery only once", async (t) => {
  const delivery = outgoing("<b>imported</b>");
  const first = await channel?.send(delivery, signal);
  const second = await channel?.send({ ...delivery, attempt: 2 }, signal);
  t.deepEqual(first, second);
  const lines = await readRoom(LOCAL_ROOM);
  t.is(lines.length, 1);
  t.like(lines[0], { sender: OUR_NAME, body: "ℹ️ <b>imported</b>", editedAt: null });
  t.deepEqual(lines[0]?.message, says("<b>imported</b>"));
});

test.serial("an edit changes the line, and readers of changes see it", async (t) => {
  const sent = await channel?.send(outgoing("0 %"), signal);
  const remoteId = sent?.outcome === "delivered" ? (sent.remoteId ?? "") : "";
  await say(LOCAL_ROOM, "local:anna", "how far?");
  const seen = (await readRoom(LOCAL_ROOM)).at(-1)?.revision;
  const edits = { id: randomUUID(), remoteId };
  const edit = await channel?.send(outgoing("100 %", { edits }), signal);
  t.deepEqual(edit, sent);
  const changed = await readRoom(LOCAL_ROOM, seen);
  t.deepEqual(
    changed.map((line) => [line.id, line.body, line.editedAt !== null]),
    [[remoteId, "ℹ️ 100 %", true]],
  );
  t.deepEqual(await readRoom(LOCAL_ROOM, changed[0]?.revision), []);
});

test.serial("an edit cannot change what a person said", async (t) => {
  const remoteId = await say(LOCAL_ROOM, "local:anna", "mine");
  await channel?.send(outgoing("ours", { edits: { id: randomUUID(), remoteId } }), signal);
  t.deepEqual(
    (await readRoom(LOCAL_ROOM)).map((line) => line.body),
    ["mine", "ℹ️ ours"],
  );
});

test.serial("a reader that saw a revision never misses an earlier one", async (t) => {
  const signals = [0, 1].map(() => {
    let fire: () => void = () => undefined;
    const fired = new Promise<void>((resolve) => (fire = resolve));
    return { fire, fired };
  });
  const [said, released] = signals;
  const slow = inTransaction(async () => {
    await say(LOCAL_ROOM, "local:anna", "first");
    said?.fire();
    await released?.fired;
  });
  await said?.fired;
  const fast = say(LOCAL_ROOM, "local:ben", "second");
  // The second writer waits for the first to commit, so nothing is to be seen yet.
  t.deepEqual(await readRoom(LOCAL_ROOM, "0"), []);
  released?.fire();
  await Promise.all([slow, fast]);
  const bodies = (await readRoom(LOCAL_ROOM, "0")).map((line) => line.body);
  t.deepEqual(bodies, ["first", "second"]);
});

test.serial("the newest lines come first when there are many, in order", async (t) => {
  for (let n = 0; n < 5; n++) await say(LOCAL_ROOM, "local:anna", String(n));
  t.deepEqual(
    (await readRoom(LOCAL_ROOM, undefined, 3)).map((line) => line.body),
    ["2", "3", "4"],
  );
});

test("names of rooms are plain", (t) => {
  t.is(room.canonical("local"), "local");
  t.is(room.canonical("<script>"), undefined);
  t.is(room.canonical(""), undefined);
});
