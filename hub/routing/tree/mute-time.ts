import { z } from "zod";

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** `monday` or `monday:friday`; ranges go over the end of the week or year. */
function named(names: readonly string[]): z.ZodString {
  const one = names.join("|");
  return z.string().regex(new RegExp(`^(${one})(:(${one}))?$`), {
    message: `written as "${names[1]}" or "${names[1]}:${names[4]}"`,
  });
}

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, {
  message: 'written as "09:30"; "24:00" is the end of the day',
});
const Times = z.strictObject({ start: Clock, end: Clock }).refine(({ start, end }) => start < end, {
  message: "the end is not after the start; write two: until 24:00, and from 00:00",
});
const DayOfMonth = z
  .string()
  .regex(/^-?\d{1,2}(:-?\d{1,2})?$/, { message: 'written as "1", "1:7" or "-3:-1"' })
  .refine((text) => text.split(":").every((day) => Number(day) !== 0 && Math.abs(+day) <= 31), {
    message: "days are 1 to 31, or -1 (the last) to -31",
  });
const Years = z.string().regex(/^\d{4}(:\d{4})?$/, { message: 'written as "2026" or "2026:2028"' });

const Interval = z.strictObject({
  times: z.array(Times).default([]),
  weekdays: z.array(named(WEEKDAYS)).default([]),
  days_of_month: z.array(DayOfMonth).default([]),
  months: z.array(named(MONTHS)).default([]),
  years: z.array(Years).default([]),
});
type Interval = z.output<typeof Interval>;

/**
 * Times of day, week, month or year, as in Alertmanager's time intervals: all that an interval
 * names must be so, and any of several intervals will do.
 */
export const MuteTime = z.strictObject({
  name: z.string().trim().min(1).max(100),
  time_zone: z
    .string()
    .default("UTC")
    .refine((zone) => formatterOf(zone) !== undefined, {
      message: 'a name of the time zone database, such as "Europe/Berlin"',
    }),
  intervals: z.array(Interval).min(1),
});
export type MuteTime = z.output<typeof MuteTime>;

/** True when the moment is within one of the intervals, in their time zone. */
export function isWithin({ time_zone: zone, intervals }: MuteTime, moment: Date): boolean {
  const local = localTime(zone, moment);
  return intervals.some((interval) => contains(interval, local));
}

interface LocalTime {
  year: number;
  /** From 0, like Date's. */
  month: number;
  day: number;
  daysInMonth: number;
  weekday: number;
  /** `09:30`. */
  clock: string;
}

function contains(interval: Interval, now: LocalTime): boolean {
  const any = <Item>(list: readonly Item[], holds: (item: Item) => boolean): boolean =>
    list.length === 0 || list.some(holds);
  return (
    any(interval.times, ({ start, end }) => start <= now.clock && now.clock < end) &&
    any(interval.weekdays, (text) => inRound(text, WEEKDAYS, now.weekday)) &&
    any(interval.days_of_month, (text) => inMonth(text, now)) &&
    any(interval.months, (text) => inRound(text, MONTHS, now.month)) &&
    any(interval.years, (text) => {
      const [from = 0, to = from] = text.split(":").map(Number);
      return from <= now.year && now.year <= to;
    })
  );
}

/** A range of names that may go over the end: `friday:monday`. */
function inRound(text: string, names: readonly string[], value: number): boolean {
  const [from = 0, to = from] = text.split(":").map((name) => names.indexOf(name));
  return from <= to ? from <= value && value <= to : value >= from || value <= to;
}

function inMonth(text: string, { day, daysInMonth }: LocalTime): boolean {
  const [from = 0, to = from] = text
    .split(":")
    .map(Number)
    .map((one) => (one < 0 ? daysInMonth + 1 + one : one));
  return from <= day && day <= to;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  let formatter = formatters.get(zone);
  if (formatter !== undefined) return formatter;
  try {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
    });
  } catch {
    return undefined;
  }
  formatters.set(zone, formatter);
  return formatter;
}

function localTime(zone: string, moment: Date): LocalTime {
  const parts = formatterOf(zone)?.formatToParts(moment) ?? [];
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const [year, month, day] = [Number(part("year")), Number(part("month")) - 1, Number(part("day"))];
  return {
    year,
    month,
    day,
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    weekday: new Date(Date.UTC(year, month, day)).getUTCDay(),
    clock: `${part("hour")}:${part("minute")}`,
  };
}
