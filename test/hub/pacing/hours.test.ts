import test from "ava";
import fc from "fast-check";
import { nextOf, quietUntil } from "../../../hub/pacing/hours.ts";
import { nextToken, tokensNow } from "../../../hub/pacing/bucket.ts";

/** Five zones, with the two nights in which their clocks change (IANA tzdata, 2026). */
const CHANGES: Record<string, [string, string]> = {
  "Europe/Berlin": ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
  "America/New_York": ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
  "Australia/Lord_Howe": ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"],
  "America/Santiago": ["2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"],
  "Pacific/Auckland": ["2026-04-04T14:00:00Z", "2026-09-26T14:00:00Z"],
};
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

/** What the clock on the wall shows, by the platform and not by the library that is tested. */
function wall(time: Date, zone: string): string {
  const shown = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return shown.format(time);
}

const zone = fc.constantFrom(...Object.keys(CHANGES));
/** Within two days of a change of clocks, on the minute. */
const moment = zone.chain((name) =>
  fc
    .record({ which: fc.constantFrom(0, 1), minutes: fc.integer({ min: -2_880, max: 2_880 }) })
    .map(({ which, minutes }) => {
      const change = CHANGES[name]?.[which] ?? "";
      return { name, now: new Date(new Date(change).getTime() + minutes * MINUTE) };
    }),
);
const time = fc
  .record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) })
  .map(({ hour, minute }) => [hour, minute].map((part) => String(part).padStart(2, "0")).join(":"));

test("quiet hours end, and then it is not quiet", (t) => {
  const property = fc.property(moment, time, time, ({ name, now }, from, to) => {
    fc.pre(from !== to);
    const end = quietUntil({ from, to }, name, now);
    if (end === undefined) return;
    t.true(end > now && end.getTime() - now.getTime() <= DAY + 60 * MINUTE);
    // The end of one night may be the begin of a gap that the next begins in; never the same night.
    const again = quietUntil({ from, to }, name, end);
    t.true(again === undefined || again > end);
  });
  fc.assert(property, { numRuns: 300 });
});

test("far from a change of clocks it is quiet when the clock on the wall says so", (t) => {
  const property = fc.property(moment, time, time, ({ name, now }, from, to) => {
    fc.pre(from !== to);
    const calm = new Date(now.getTime() + 20 * DAY);
    const clock = wall(calm, name);
    const says = from < to ? clock >= from && clock < to : clock >= from || clock < to;
    const end = quietUntil({ from, to }, name, calm);
    t.is(end !== undefined, says, `${from}-${to} ${name} ${calm.toISOString()}`);
    if (end !== undefined) t.is(wall(end, name), to);
  });
  fc.assert(property, { numRuns: 200 });
});

test("a time of day comes once a day, also when clocks change", (t) => {
  for (const [name, changes] of Object.entries(CHANGES)) {
    for (const change of changes) {
      for (const at of ["00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "12:00", "23:59"]) {
        const times: Date[] = [];
        let now = new Date(new Date(change).getTime() - 3 * DAY);
        const end = now.getTime() + 6 * DAY;
        for (;;) {
          now = nextOf([at], name, now);
          if (now.getTime() > end) break;
          times.push(now);
        }
        const days = new Set(
          times.map((one) => one.toLocaleDateString("en-GB", { timeZone: name })),
        );
        t.is(days.size, times.length, `${at} ${name} around ${change}`);
        const gaps = times.slice(1).map((one, n) => one.getTime() - (times[n]?.getTime() ?? 0));
        t.true(gaps.every((gap) => Math.abs(gap - DAY) <= 60 * MINUTE));
        const odd = times.filter((one) => wall(one, name) !== at);
        // A time that the clocks jump over is an hour, or less, later.
        t.true(odd.length <= 1, `${at} ${name} around ${change}`);
      }
    }
  }
});

test("a budget is never more than full, and a token comes when it is said to", (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 10_000 }),
    fc.double({ min: -10, max: 100, noNaN: true }),
    fc.integer({ min: -100_000, max: 100_000_000 }),
    (messages, seconds, tokens, passed) => {
      const budget = { messages, seconds };
      const at = new Date("2026-01-01T00:00:00Z");
      const now = new Date(at.getTime() + passed);
      const left = tokensNow({ tokens, at }, budget, now);
      t.true(left <= messages);
      const next = nextToken(left, budget, now);
      t.true(tokensNow({ tokens: left, at: now }, budget, next) >= Math.min(1, messages) - 1e-6);
    },
  );
  fc.assert(property, { numRuns: 200 });
});
