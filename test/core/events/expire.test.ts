import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { journalEntry } from "../../../core/events/emit.ts";
import { expireHeard, expireNumbered, planExpiry } from "../../../core/events/expire.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import { replayPage } from "../../../core/events/replay-page.ts";
import { lighthouseState, notePublished, numberEvents } from "../../../core/events/sequence.ts";
import { hubDatabase } from "../../support/hub.ts";
import { dealtWithEvents } from "../../support/database.ts";

test.before(() => hubDatabase());
test.beforeEach(async () => {
  await database().query(
    "truncate event, event_number, event_unnumbered, event_seen, lighthouse, delivery cascade",
  );
  await lighthouseState();
});
test.after.always(() => database().close());

const entry = (n: number) => journalEntry("_lk.core.ping", { n }, undefined);
const LIMITS = { days: 30, megabytes: 0 };

/** Ten published events, the first six of them 40 days old, all dealt with. */
async function tenEvents(): Promise<void> {
  await storeEvents(
    Array.from({ length: 10 }, (_, n) => entry(n + 1)),
    "local",
  );
  await numberEvents(100, 0);
  await notePublished(10);
  await dealtWithEvents();
  await database().query(
    "update event_number set numbered_at = now() - interval '40 days' where sequence <= 6",
  );
}

async function expire(limits = LIMITS): Promise<number> {
  return (await expireNumbered(await planExpiry(limits))).removed;
}

async function numbers(): Promise<number[]> {
  const rows = await database().query<{ sequence: string }>(
    "select sequence from event_number join event on id = event_id order by 1",
  );
  return rows.map(({ sequence }) => Number(sequence));
}

test.serial(
  "old events leave with their numbers; replay says from where it has them",
  async (t) => {
    await tenEvents();
    t.is(await expire(), 6);
    t.deepEqual(await numbers(), [7, 8, 9, 10]);
    t.like(await replayPage({ limit: 0 }), { oldest: 7, newest: 10 });
    t.is((await replayPage({ from: 1, limit: 2 })).events[0]?.sequence, 7);
    t.is(await expire(), 0);
    await storeEvents([entry(11)], "local");
    await numberEvents(100, 0);
    t.deepEqual(await numbers(), [7, 8, 9, 10, 11]);
  },
);

test.serial("notices leave with their events, and keep those that are still held", async (t) => {
  await tenEvents();
  await database().query("truncate notice");
  await database().query(
    `insert into notice (event_id, destination, state, reasons, refs, tag, decided_at)
     select event_id, 'room:local', case sequence when 4 then 'held' else 'told' end, '{}', '{}',
            '', now()
       from event_number`,
  );
  t.is(await expire(), 3);
  await database().query("update notice set state = 'told'");
  t.is(await expire(), 3);
  const rows = await database().query<{ count: number }>(
    "select count(*)::integer as count from notice",
  );
  t.deepEqual(rows, [{ count: 4 }]);
});

test.serial("the uuid of an event that left is known still", async (t) => {
  const one = entry(1);
  await storeEvents([one], "local");
  await numberEvents(1, 0);
  await notePublished(1);
  await dealtWithEvents();
  await database().query("update event_number set numbered_at = now() - interval '40 days'");
  t.is(await expire(), 1);
  t.is((await storeEvents([one], "submitted")).size, 0);
});

const HOLDS: [string, string, number][] = [
  [
    "that is not routed",
    "insert into event_to_route select id from event where data->>'n' = '3'",
    2,
  ],
  [
    "that is not considered",
    "insert into event_to_consider select id from event where data->>'n' = '2'",
    1,
  ],
  [
    "that is being delivered",
    `insert into delivery (destination, message, reason, event_id)
     select 'room:local', '{}', 'x', id from event where data->>'n' = '5'`,
    4,
  ],
  ["that was not sent", "update lighthouse set published = 1", 1],
];
for (const [what, sql, removed] of HOLDS) {
  test.serial(`an event ${what} stays, and those behind it`, async (t) => {
    await tenEvents();
    await database().query(sql);
    t.is(await expire(), removed);
    t.is((await numbers()).length, 10 - removed);
  });
}

test.serial("what was told of an event stays when it leaves", async (t) => {
  await tenEvents();
  await database().query(
    `insert into delivery (destination, message, reason, event_id, state)
     select 'room:local', '{}', 'x', id, 'sent' from event where data->>'n' = '5'`,
  );
  t.is(await expire(), 6);
  t.is((await database().query("select from delivery where event_id is null")).length, 1);
});

test.serial("beyond the size the oldest leave; the one on the border stays", async (t) => {
  await storeEvents(
    Array.from({ length: 10 }, () =>
      journalEntry("_lk.core.ping", { x: "x".repeat(299_000) }, undefined),
    ),
    "local",
  );
  await numberEvents(100, 0);
  await notePublished(10);
  await dealtWithEvents();
  t.is(await expire({ days: 0, megabytes: 1 }), 6);
  t.is(await expire({ days: 0, megabytes: 0 }), 0);
});

test.serial("events of others leave for their age alone", async (t) => {
  await storeEvents([entry(1), entry(2)], "bus");
  await dealtWithEvents();
  await database().query("update event set received_at = now() - interval '9 days'");
  await storeEvents([entry(3)], "bus");
  await dealtWithEvents();
  t.is(await expireHeard(new Date(Date.now() - 86_400_000)), 2);
  t.is(await expireHeard(new Date(Date.now() - 86_400_000)), 0);
});
