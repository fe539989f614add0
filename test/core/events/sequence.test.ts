import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { journalEntry } from "../../../core/events/emit.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import {
  eventsAfter,
  lighthouseState,
  notePublished,
  numberEvents,
} from "../../../core/events/sequence.ts";
import { testDatabase } from "../../support/database.ts";

test.before(() => testDatabase());
test.beforeEach(() =>
  database().query("truncate event, event_number, event_unnumbered, lighthouse cascade"),
);
test.after.always(() => database().close());

const entry = (n: unknown) => journalEntry("_lk.core.ping", { n }, undefined);

async function read(after = 0): Promise<[number, unknown][]> {
  return (await eventsAfter(after, 10_000)).map(({ sequence, body }) => [
    sequence,
    (JSON.parse(body) as { data: { n: unknown } }).data.n,
  ]);
}

test.serial("numbers begin with 1 and have no gaps, whatever was rolled back", async (t) => {
  const { id } = await lighthouseState();
  await storeEvents([entry("a")], "local");
  await inTransaction(async () => {
    await storeEvents([entry("lost")], "local");
    throw new Error("changed our mind");
  }).catch(() => undefined);
  await storeEvents([entry("b")], "submitted");
  await storeEvents([entry("heard from another one")], "bus");
  await storeEvents([entry("c")], "local");
  t.is(await numberEvents(2, 0), 2);
  t.is(await numberEvents(100, 0), 1);
  t.is(await numberEvents(100, 0), 0);
  t.deepEqual(await read(), [
    [1, "a"],
    [2, "b"],
    [3, "c"],
  ]);
  t.deepEqual(await lighthouseState(), { id, sequence: 3, published: 0 });
});

test.serial("numbers that were rolled back are given again", async (t) => {
  await lighthouseState();
  await storeEvents([entry("a"), entry("b")], "local");
  await inTransaction(async () => {
    t.is(await numberEvents(100, 0), 2);
    throw new Error("killed");
  }).catch(() => undefined);
  t.is((await lighthouseState()).sequence, 0);
  await numberEvents(1, 0);
  t.deepEqual(await read(), [[1, "a"]]);
});

test.serial("the mark of what was sent never goes back", async (t) => {
  await lighthouseState();
  await notePublished(5);
  await notePublished(3);
  await storeEvents([entry("a")], "local");
  await numberEvents(1, 4);
  t.is((await lighthouseState()).published, 5);
  await storeEvents([entry("b")], "local");
  await numberEvents(1, 6);
  t.is((await lighthouseState()).published, 6);
});

test.serial("who reads on from a number misses nothing that commits late", async (t) => {
  await lighthouseState();
  const written: string[] = [];
  let writing = true;
  async function writer(name: string): Promise<void> {
    for (let n = 0; n < 25; n += 1) {
      const rolledBack = Math.random() < 0.2;
      const own = `${name}${n}`;
      await inTransaction(async () => {
        await storeEvents([entry(own)], "local");
        // Others write, commit and are read meanwhile.
        await sleep(Math.random() * 20);
        if (rolledBack) throw new Error("rolled back");
      }).catch(() => undefined);
      if (!rolledBack) written.push(own);
    }
  }
  async function numberer(): Promise<void> {
    while (writing || (await numberEvents(7, 0)) > 0) {
      await numberEvents(7, 0);
      await sleep(Math.random() * 3);
    }
  }
  async function reader(): Promise<[number, unknown][]> {
    const seen: [number, unknown][] = [];
    for (let last = false; ; last = !writing) {
      seen.push(...(await read(seen.at(-1)?.[0] ?? 0)));
      if (last) return seen;
      await sleep(1);
    }
  }
  const reading = [reader(), reader()];
  const numbering = [numberer(), numberer()];
  await Promise.all(["a", "b", "c"].map(writer));
  writing = false;
  await Promise.all(numbering);
  for (const seen of await Promise.all(reading)) {
    const all = [...seen, ...(await read(seen.at(-1)?.[0] ?? 0))];
    t.deepEqual(
      all.map(([sequence]) => sequence),
      written.map((_, index) => index + 1),
    );
    t.deepEqual(all.map(([, name]) => String(name)).toSorted(), written.toSorted());
    for (const name of ["a", "b", "c"]) {
      const own = all.map(([, one]) => String(one)).filter((one) => one.startsWith(name));
      t.deepEqual(
        own,
        written.filter((one) => one.startsWith(name)),
      );
    }
  }
});

test.serial("few large events are read at once, but always one", async (t) => {
  await lighthouseState();
  const large = Array.from({ length: 10 }, () => entry("x".repeat(1_000_000)));
  await storeEvents([entry(randomUUID()), ...large], "local");
  await numberEvents(100, 0);
  t.is((await eventsAfter(0, 100)).length, 9);
  t.is((await eventsAfter(9, 100)).length, 2);
  t.is((await eventsAfter(11, 100)).length, 0);
});
