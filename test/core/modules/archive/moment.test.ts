import test from "ava";
import { parseMoment } from "../../../../core/modules/archive/moment.ts";

const NOW = new Date("2026-11-22T15:30:00Z");

test("moments are runs, times, how long ago, and words", (t) => {
  const cases: [string, unknown][] = [
    ["12", { run: 12 }],
    ["#12", { run: 12 }],
    ["last", { word: "last" }],
    [" First ", { word: "first" }],
    ["now", { word: "now" }],
    ["today", { at: new Date("2026-11-22T00:00:00Z") }],
    ["yesterday", { at: new Date("2026-11-21T00:00:00Z") }],
    ["2d", { at: new Date("2026-11-20T15:30:00Z") }],
    ["36 h", { at: new Date("2026-11-21T03:30:00Z") }],
    ["90m", { at: new Date("2026-11-22T14:00:00Z") }],
    ["1w", { at: new Date("2026-11-15T15:30:00Z") }],
    ["1y", { at: new Date("2025-11-22T15:30:00Z") }],
    ["2026-11-20", { at: new Date("2026-11-20T00:00:00Z") }],
    ["2026-11-20 18:00", { at: new Date("2026-11-20T18:00:00Z") }],
    ["2026-11-20T18:00:30+02:00", { at: new Date("2026-11-20T16:00:30Z") }],
  ];
  for (const [text, moment] of cases) t.deepEqual(parseMoment(text, NOW), moment as never, text);
});

test("what is no moment is refused, with what moments are", (t) => {
  for (const text of ["", "soon", "2x", "-1", "1.5d", "2026-13-01", "2026-02-30", "18:00"]) {
    const error = t.throws(() => parseMoment(text, NOW), { code: "BAD_MOMENT" }, text);
    t.regex((error as unknown as { hint: string }).hint, /2026-11-20T18:00.*yesterday/);
  }
});
