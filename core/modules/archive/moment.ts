import { OperatorError } from "../../errors.ts";

/** A point in the history of a suite, as people name it. */
export type Moment =
  | { run: number }
  /** The state before this run. */
  | { before: number }
  | { at: Date }
  | { word: "first" | "last" | "now" };

export const MOMENTS =
  "a run (12), a time (2026-11-20, 2026-11-20T18:00), how long ago (36h, 2d, 3w, 1y), today, " +
  "yesterday, first, last or now";

const HOUR = 3_600_000;
const UNITS: Record<string, number> = {
  m: HOUR / 60,
  min: HOUR / 60,
  h: HOUR,
  d: 24 * HOUR,
  w: 7 * 24 * HOUR,
  y: 365 * 24 * HOUR,
};

/**
 * Reads a moment. Times without a zone are UTC; `yesterday` is its beginning.
 *
 * @throws OperatorError `BAD_MOMENT` that says how moments are written
 */
export function parseMoment(text: string, now: Date): Moment {
  const word = text.trim().toLowerCase();
  if (word === "first" || word === "last" || word === "now") return { word };
  if (word === "today") return { at: midnight(now, 0) };
  if (word === "yesterday") return { at: midnight(now, 1) };
  const run = /^#?(\d{1,15})$/.exec(word);
  if (run?.[1] !== undefined) return { run: Number(run[1]) };
  const ago = parseDuration(word);
  if (ago !== undefined) return { at: new Date(now.getTime() - ago) };
  const at = parseTime(text.trim());
  if (at !== undefined) return { at };
  throw new OperatorError(
    "BAD_MOMENT",
    `${JSON.stringify(text)} is no moment in the history of a suite.`,
    `Moments are ${MOMENTS}.`,
    { exitStatus: 2 },
  );
}

/** Milliseconds of `90m`, `36h`, `2d`, `3w`, `1y`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(\d{1,5}) ?([a-z]+)$/.exec(text) ?? [];
  const milliseconds = UNITS[unit];
  return milliseconds === undefined ? undefined : Number(count) * milliseconds;
}

function midnight(now: Date, daysAgo: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - daysAgo));
}

function parseTime(text: string): Date | undefined {
  const parts =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text);
  if (parts === null) return undefined;
  const [, day = "", minute = "00:00", second = ":00", zone = "Z"] = parts;
  const time = new Date(`${day}T${minute}${second}${zone.toUpperCase()}`);
  if (Number.isNaN(time.getTime())) return undefined;
  // 2026-02-30 would become a day in March.
  const dayGiven = new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10);
  return dayGiven === day ? time : undefined;
}
