import { readFileSync } from "node:fs";
import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { JOURNAL_CHANNEL, quarantine, storeEvents } from "../../../core/events/journal.ts";
import { readVerifyKey } from "../../../core/events/signature.ts";
import { type VerifiedEvent, verifyFrame } from "../../../core/events/verify.ts";
import { Event, EventQuarantine } from "../../../core/model/event.ts";
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
    t.is(row.body, event.body);
    t.is(row.time.getTime(), event.time.getTime());
    t.is(row.publishedAt, null);
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
  t.truthy(row.publishedAt);
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

test("anything can be quarantined", async (t) => {
  await quarantine([
    { source: "tcp://x", reason: "not valid JSON", body: "\0\ud800" + "x".repeat(100_000) },
    { source: "tcp://x", reason: "untrusted", signer: "a\0", tag: "_lk.a.b", body: "" },
  ]);
  const rows = await EventQuarantine.findAll({ order: ["id"] });
  t.is(rows[0]?.body.length, 65_536);
  t.like(rows[1]?.get(), { signer: "a\ufffd", tag: "_lk.a.b" });
});
