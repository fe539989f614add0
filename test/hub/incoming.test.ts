import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { database, inTransaction } from "../../core/database/connect.ts";
import { outsideTransaction } from "../../core/database/transaction.ts";
import { type IncomingText, receive, takeIncoming } from "../../hub/incoming.ts";
import { IncomingMessage } from "../../hub/model/conversation.ts";
import { post } from "../../hub/delivery/outbox.ts";
import { booksDiffer, hubDatabase, says } from "../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(() => database().query("truncate incoming_message, delivery cascade"));
test.after.always(() => database().close());

function said(messageId: string, body = "help"): IncomingText {
  const sentAt = new Date("2026-11-22T10:00:00Z");
  return { destination: "room:local", messageId, sender: "local:anna", body, sentAt };
}

test.serial("the same message is kept once", async (t) => {
  t.true(await receive(said("$1")));
  t.false(await receive(said("$1", "other words")));
  t.true(await receive({ ...said("$1"), destination: "room:other" }));
  t.is(await IncomingMessage.count(), 2);
});

test.serial("messages are handed out in order, each once", async (t) => {
  for (const id of ["$1", "$2", "$3"]) await receive(said(id, `words of ${id}`));
  const seen: string[] = [];
  while (
    await takeIncoming((message) => {
      seen.push(message.body);
      return Promise.resolve("answered");
    })
  );
  t.deepEqual(seen, ["words of $1", "words of $2", "words of $3"]);
  t.is(await IncomingMessage.count({ where: { outcome: "answered" } }), 3);
});

test.serial("two that take at once never get the same message", async (t) => {
  await receive(said("$1"));
  await receive({ ...said("$2"), destination: "room:other" });
  let release: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (release = resolve));
  const seen: string[] = [];
  async function hold(message: IncomingMessage): Promise<string> {
    seen.push(message.messageId);
    if (seen.length === 2) release();
    await both;
    return "answered";
  }
  t.deepEqual(await Promise.all([takeIncoming(hold), takeIncoming(hold)]), [true, true]);
  t.deepEqual(seen.toSorted(), ["$1", "$2"]);
});

test.serial("what was said in one place is dealt with in order, by however many", async (t) => {
  const destinations = ["room:a", "room:b", "room:c"];
  for (let one = 0; one < 30; one++) {
    await receive({ ...said(`$${one}`), destination: destinations[one % 3] ?? "" });
  }
  const begun: Record<string, string[]> = {};
  const working = new Set<string>();
  async function note({ destination, messageId }: IncomingMessage): Promise<string> {
    t.false(working.has(destination), "one at a time");
    working.add(destination);
    (begun[destination] ??= []).push(messageId);
    await sleep(Math.random() * 5);
    working.delete(destination);
    return "answered";
  }
  async function taker(): Promise<void> {
    while ((await IncomingMessage.count({ where: { handledAt: null } })) > 0) {
      await takeIncoming(note);
    }
  }
  await Promise.all([taker(), taker()]);
  for (const [place, destination] of destinations.entries()) {
    const expected = Array.from({ length: 10 }, (_, one) => `$${one * 3 + place}`);
    t.deepEqual(begun[destination], expected);
  }
  t.is(await IncomingMessage.count({ where: { attempts: 1 } }), 30);
});

test.serial("a message waits for the one before it, while other places go on", async (t) => {
  for (const id of ["$1", "$2"]) await receive(said(id));
  let release: () => void = () => undefined;
  let begin: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const first = takeIncoming(async () => {
    begin();
    await released;
    return "slow";
  });
  await begun;
  t.false(await takeIncoming(() => Promise.resolve("too early")));
  await receive({ ...said("$3"), destination: "room:other" });
  t.true(await takeIncoming(() => Promise.resolve("elsewhere")));
  release();
  await first;
  t.true(await takeIncoming(() => Promise.resolve("second")));
  const outcomes = (await IncomingMessage.findAll({ order: ["id"] })).map((one) => one.outcome);
  t.deepEqual(outcomes, ["slow", "second", "elsewhere"]);
});

test.serial("an answer and its being handled stand or fall together", async (t) => {
  await receive(said("$1"));
  await t.throwsAsync(
    takeIncoming(async () => {
      await post("room:local", says("half an answer"));
      throw new Error("crash");
    }),
    { message: "crash" },
  );
  t.is(await booksDiffer({}), undefined);
  await takeIncoming(async () => {
    await post("room:local", says("the answer"));
    return "answered";
  });
  t.is(await booksDiffer({ pending: 1 }), undefined);
  t.false(await takeIncoming(() => Promise.resolve("again")));
});

test.serial("an attempt is counted for all to see before it begins", async (t) => {
  await receive(said("$1"));
  await takeIncoming(async (message) => {
    t.is(message.attempts, 1);
    const outside = await outsideTransaction(() => IncomingMessage.findByPk(message.id));
    t.is(outside?.attempts, 1);
    return "answered";
  });
});

test.serial("a message that always fails is given up after three attempts", async (t) => {
  await receive(said("$1"));
  const fail = (): Promise<string> => Promise.reject(new Error("bug"));
  for (let attempt = 0; attempt < 3; attempt++) await t.throwsAsync(takeIncoming(fail));
  t.true(
    await takeIncoming(fail, async () => {
      await post("room:local", says("sorry"));
      return "sorry";
    }),
  );
  t.false(await takeIncoming(fail));
  t.like((await IncomingMessage.findOne())?.toJSON(), { attempts: 4, outcome: "sorry" });
  t.is(await booksDiffer({ pending: 1 }), undefined);
});

test.serial("a message that cannot even be given up does not hold up the others", async (t) => {
  for (const id of ["$1", "$2"]) await receive(said(id));
  const fail = ({ messageId }: IncomingMessage): Promise<string> =>
    messageId === "$1" ? Promise.reject(new Error("bug")) : Promise.resolve("answered");
  for (let attempt = 0; attempt < 6; attempt++) await t.throwsAsync(takeIncoming(fail, fail));
  while (await takeIncoming(fail, fail));
  const outcomes = (await IncomingMessage.findAll({ order: ["id"] })).map((one) => one.outcome);
  t.deepEqual(outcomes, ["failed", "answered"]);
});

test.serial("whether it was said to us and nobody else is kept", async (t) => {
  await receive(said("$1"));
  await receive({ ...said("$2"), addressed: true });
  const kept = await IncomingMessage.findAll({ order: ["id"] });
  t.deepEqual(
    kept.map((one) => one.addressed),
    [false, true],
  );
});

test.serial("what a rolled back transaction received was not received", async (t) => {
  await t.throwsAsync(
    inTransaction(async () => {
      await receive(said("$1"));
      throw new Error("undo");
    }),
  );
  t.is(await IncomingMessage.count(), 0);
});
