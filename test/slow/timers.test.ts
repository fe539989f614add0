import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import fc from "fast-check";
import { connect, database, type DatabaseAddress } from "../../core/database/connect.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { noticeBooks } from "../../hub/pacing/books.ts";
import { type PreferenceChange, setPreference } from "../../hub/pacing/set-preference.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { flushAt, forgetPacing, happen, type Happened } from "../support/pacing.ts";
import { createRandom } from "../support/random.ts";

/**
 * Timers: digests and quiet hours around both changes of clocks in five zones, by a scripted clock;
 * and hubs that tell what is due and are killed at any moment. LK_FULL=1: ten times as much.
 */
const FULL = process.env["LK_FULL"] === "1";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CHANGES: readonly (readonly [zone: string, at: string])[] = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["America/Santiago", "2026-04-05T03:00:00Z"],
  ["America/Santiago", "2026-09-06T04:00:00Z"],
  ["Pacific/Auckland", "2026-04-04T14:00:00Z"],
  ["Pacific/Auckland", "2026-09-26T14:00:00Z"],
];
let address: DatabaseAddress;

test.before(async () => {
  address = await testDatabaseAddress();
  defineHubModels((await connect(address)).sequelize);
});
test.beforeEach(forgetPacing);
test.after.always(() => database().close());

/** What a clock on the wall shows, by the platform. */
function wall(time: Date, timeZone: string): string {
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return time.toLocaleTimeString("en-GB", { timeZone, ...form });
}

const preference = fc.constantFrom<PreferenceChange>(
  { quiet: { from: "22:00", to: "07:00" } },
  { quiet: { from: "01:30", to: "02:30" } },
  { quiet: { from: "00:00", to: "04:00" } },
  { digest: { at: ["02:30"], after: undefined } },
  { digest: { at: ["08:00", "18:00"], after: undefined } },
  { digest: { at: ["08:00"], after: 4 }, quiet: { from: "23:00", to: "06:00" } },
);

/** Events in the minutes of three days around a change; some lead back to where they began. */
const story = fc.record({
  change: fc.constantFrom(...CHANGES),
  wanted: preference,
  destination: fc.constantFrom("email:anna@example.org", "matrix:!room:example.org"),
  at: fc.array(fc.integer({ min: -1_440, max: 2_880 }), { minLength: 1, maxLength: 12 }),
});

test.serial(
  "digests and quiet hours lose nothing and double nothing, whatever clocks do",
  async (t) => {
    t.timeout(600_000);
    const runs = FULL ? 300 : 30;
    const property = fc.asyncProperty(story, async ({ change, wanted, destination, at }) => {
      await forgetPacing();
      const [zone, moment] = change;
      const start = new Date(moment).getTime();
      const asking = { by: "anna", kinds: channelKinds, now: new Date(start - 1_440 * MINUTE) };
      await setPreference(destination, { ...wanted, zone }, asking);
      const minutes = at.toSorted((a, b) => a - b);
      const toldAt: Date[] = [];
      async function note(now: Date): Promise<void> {
        const [row] = await database().query<{ count: number }>(
          "select count(*)::integer as count from delivery where edits is null",
        );
        while (toldAt.length < (row?.count ?? 0)) toldAt.push(now);
      }
      for (let minute = -1_440; minute <= 4 * 1_440; minute += 30) {
        const now = new Date(start + minute * MINUTE);
        await flushAt(now);
        await note(now);
        const due = minutes.filter((one) => one >= minute && one < minute + 30);
        for (const [n, one] of due.entries()) {
          const then = new Date(start + one * MINUTE);
          const step: Happened = { name: `e${one}-${n}`, object: "package/a", from: "1", to: "2" };
          const undo: Happened = { ...step, name: `u${one}-${n}`, from: "2", to: "1" };
          const events = one % 3 === 0 ? [step, undo] : [{ name: `e${one}-${n}` }];
          await happen(events, then, { destinations: [destination] });
          await note(then);
        }
      }
      const books = await noticeBooks();
      t.is(books.decided, books.told + books.collapsed);
      t.like(books, { held: 0, astray: 0 });
      const [empty] = await database().query<{ count: number }>(
        `select count(*)::integer as count from delivery where edits is null
          and not exists (select from notice where delivery_id = delivery.id)`,
      );
      t.is(empty?.count, 0, "nothing empty is sent");
      for (const time of toldAt) {
        const clock = wall(time, zone);
        const { quiet } = wanted;
        if (quiet === undefined || quiet === null || isChangeNight(time, start)) continue;
        const isQuiet =
          quiet.from < quiet.to
            ? clock >= quiet.from && clock < quiet.to
            : clock >= quiet.from || clock < quiet.to;
        t.false(isQuiet, `told at ${clock} ${zone}`);
      }
    });
    await fc.assert(property, { numRuns: runs, endOnFailure: true });
  },
);

/** In the hours where the wall shows a time twice or not at all, it is no judge. */
function isChangeNight(time: Date, change: number): boolean {
  return Math.abs(time.getTime() - change) < 3 * HOUR;
}

async function startFlushing(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("flush-child.js", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(address)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => Promise.reject(new Error("it did not start"))),
  ]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

test.serial("what is due is told once, whenever those who tell it are killed", async (t) => {
  t.timeout(600_000);
  const seed = Number(process.env["LK_SEED"] ?? Date.now() % 100_000);
  t.log(`LK_SEED=${seed}`);
  const random = createRandom(seed);
  const kills = FULL ? 100 : 10;
  const destinations = Array.from({ length: 20 }, (_, n) => `matrix:!r${n}:example.org`);
  let events = 0;
  let children = [await startFlushing(), await startFlushing()];
  for (let round = 0; round < kills; round++) {
    for (let n = 0; n < 20; n++) {
      const tempo = { groupBy: ["package"] as const, waitMs: random(600) };
      const name = `event ${events++};`;
      const asked = { destinations: destinations.filter(() => random(3) === 0), tempo };
      await happen([{ name }], new Date(), asked);
    }
    await sleep(random(150));
    const [victim, survivor] = children;
    if (victim !== undefined) await kill(victim);
    children = [...(survivor === undefined ? [] : [survivor]), await startFlushing()];
  }
  await eventually(async () => (await noticeBooks()).held === 0, "all told");
  for (const child of children) await kill(child);
  const books = await noticeBooks();
  t.log(books);
  t.is(books.decided, books.told);
  t.is(books.astray, 0);
  // Every message is of notices, and every notice of a message that is there, once.
  const [wrong] = await database().query<{ lost: number; empty: number }>(
    `select (select count(*) from notice
              where not exists (select from delivery where id = delivery_id))::integer as lost,
            (select count(*) from delivery where edits is null
                and not exists (select from notice where delivery_id = delivery.id))::integer as empty`,
  );
  t.deepEqual(wrong, { lost: 0, empty: 0 });
});
