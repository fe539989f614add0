import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { journalEntry } from "../../../core/events/emit.ts";
import { createEventReader } from "../../../core/events/event-list.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import { outsideTransaction } from "../../../core/database/transaction.ts";
import { testDatabase } from "../../support/database.ts";

test.before(testDatabase);
test.beforeEach(() => database().query("truncate event, event_to_route cascade"));
test.after.always(() => database().close());

async function store(...names: string[]): Promise<void> {
  const entries = names.map((name) => journalEntry("_lk.test.x", { name }, undefined));
  await storeEvents(entries, "local");
}

async function take(limit: number, reader = createEventReader("event_to_route")): Promise<string> {
  const events = await reader(limit);
  return events.map(({ data }) => (data as { name: string }).name).join(" ");
}

test.serial("every event is listed, and taken once, the oldest first", async (t) => {
  await store("a", "b", "c");
  const reader = createEventReader("event_to_route");
  t.is(await take(2, reader), "a b");
  t.is(await take(2, reader), "c");
  t.is(await take(2, reader), "");
});

test.serial("what is not committed was not taken", async (t) => {
  await store("a");
  const reader = createEventReader("event_to_route");
  await t.throwsAsync(
    inTransaction(async () => {
      t.is(await take(5, reader), "a");
      throw new Error("crash");
    }),
  );
  t.is(await take(5, reader), "a");
});

test.serial("two readers at once take different events", async (t) => {
  await store("a", "b");
  await inTransaction(async () => {
    t.is(await take(1), "a");
    t.is(await outsideTransaction(() => take(1)), "b");
  });
});

test.serial("an event that is committed after younger ones is taken as well", async (t) => {
  const reader = createEventReader("event_to_route");
  await inTransaction(async () => {
    await store("late");
    await outsideTransaction(async () => {
      await store("b", "c", "d");
      t.is(await take(2, reader), "b c");
    });
  });
  t.is(await take(2, reader), "d");
  t.is(await take(2, reader), "late");
});
