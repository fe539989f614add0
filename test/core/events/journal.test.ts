import { readFileSync } from "node:fs";
import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { JOURNAL_CHANNEL, storeEvents } from "../../../core/events/journal.ts";
import { readVerifyKey } from "../../../core/events/signature.ts";
import { type VerifiedEvent, verifyFrame } from "../../../core/events/verify.ts";
import { Event } from "../../../core/model/event.ts";
import { testDatabase } from "../../support/database.ts";

const vectors = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  trusted: Record<string, string>;
  cases: { name: string; wire: string }[];
};

test.before(async () => {
  await testDatabase();
});
test.after.always(() => database().close());

/** All acceptable frames of the vectors, each event once. */
function accepted(): VerifiedEvent[] {
  const events = new Map<string, VerifiedEvent>();
  for (const { wire } of vectors.cases) {
    const verdict = verifyFrame(Buffer.from(wire), {
      verifyKeys: (signer) => {
        const text = vectors.trusted[signer];
        const key = text === undefined ? undefined : readVerifyKey(text);
        return key === undefined ? [] : [key];
      },
    });
    if (verdict.accepted && !events.has(verdict.event.uuid)) {
      events.set(verdict.event.uuid, verdict.event);
    }
  }
  return [...events.values()];
}

test.serial("every acceptable event can be stored, its text unchanged", async (t) => {
  const events = accepted();
  t.true(events.length >= 10);
  const stored = await storeEvents(events, "submitted");
  t.is(stored.size, events.length);
  for (const event of events) {
    const row = await Event.findByPk(stored.get(event.uuid) ?? "", { rejectOnEmpty: true });
    t.is(row.body, event.body.toString());
    t.is(row.time.getTime(), event.time.getTime());
  }
});

test.serial("an event is stored once, and duplicates use up no journal numbers", async (t) => {
  const events = accepted();
  t.is((await storeEvents([...events, ...events], "submitted")).size, 0);
  t.is(await Event.count(), events.length);
  const fresh = { ...(events[0] as VerifiedEvent), uuid: "00000000-0000-1000-8000-000000000001" };
  const last = Number(await Event.max<string, Event>("id"));
  const stored = await storeEvents([fresh, fresh], "submitted");
  t.is(stored.get(fresh.uuid), String(last + 1));
});

test.serial("what was heard on the bus is not published again", async (t) => {
  const heard = {
    ...(accepted()[0] as VerifiedEvent),
    uuid: "00000000-0000-1000-8000-000000000002",
  };
  await storeEvents([heard], "bus");
  const row = await Event.findOne({ where: { uuid: heard.uuid }, rejectOnEmpty: true });
  t.is(row.origin, "bus");
  const waiting = await database().query("select from event_unnumbered where event_id = $1", [
    row.id,
  ]);
  t.deepEqual(waiting, []);
});

test.serial("a new event wakes those who wait, when it is committed", async (t) => {
  const client = await database().client();
  const wake = new Promise((resolve) => client.once("notification", resolve));
  await client.query(`listen ${JOURNAL_CHANNEL}`);
  const fresh = {
    ...(accepted()[0] as VerifiedEvent),
    uuid: "00000000-0000-1000-8000-000000000003",
  };
  await inTransaction(() => storeEvents([fresh], "local"));
  await wake;
  await client.end();
  t.pass();
});

test.serial("an event that was deleted for its age is not stored again", async (t) => {
  const [first] = accepted();
  const event = { ...(first as VerifiedEvent), uuid: "00000000-0000-1000-8000-000000000004" };
  t.is((await inTransaction(() => storeEvents([event], "submitted"))).size, 1);
  await Event.destroy({ where: { uuid: event.uuid } });
  t.is((await inTransaction(() => storeEvents([event], "submitted"))).size, 0);
});

test.serial("uuids are forgotten when no event so old is accepted any more", async (t) => {
  const [first] = accepted();
  for (const [last, days] of [
    [5, 92],
    [6, 89],
    [7, 1],
  ] as const) {
    const uuid = `00000000-0000-1000-8000-00000000000${last}`;
    await inTransaction(() => storeEvents([{ ...(first as VerifiedEvent), uuid }], "submitted"));
    const aged = "update event set received_at = now() - make_interval(days => $1) where uuid = $2";
    await database().query(aged, [days, uuid]);
    await Event.destroy({ where: { uuid } });
  }
  const rows = await database().query<{ uuid: string }>("select uuid from event_seen");
  const ends = rows.map(({ uuid }) => uuid.slice(-1));
  t.deepEqual([ends.includes("5"), ends.includes("6"), ends.includes("7")], [false, true, true]);
});
