import test from "ava";
import { database, inTransaction } from "../../core/database/connect.ts";
import { type IncomingText, receive, takeIncoming } from "../../hub/incoming.ts";
import { IncomingMessage } from "../../hub/model/conversation.ts";
import { post } from "../../hub/outbox.ts";
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
  await receive(said("$2"));
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

test.serial("a message that always fails is put aside after three attempts", async (t) => {
  await receive(said("$1"));
  for (let attempt = 0; attempt < 3; attempt++) {
    await t.throwsAsync(takeIncoming(() => Promise.reject(new Error("bug"))));
  }
  t.false(await takeIncoming(() => Promise.resolve("never")));
  t.like((await IncomingMessage.findOne())?.toJSON(), { attempts: 3, outcome: "failed" });
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
