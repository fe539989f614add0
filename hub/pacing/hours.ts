import { DateTime, IANAZone } from "luxon";

/** A span of each day, as clocks on the wall show it: from 22:00 to 07:00. */
export interface QuietHours {
  from: string;
  to: string;
}

/** A time of day, 24 hours. */
export const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Whether the IANA database has the zone. */
export function isZone(zone: string): boolean {
  return IANAZone.isValidZone(zone);
}

/**
 * When the quiet hours end that hold now, or undefined when it is not quiet. Each night has one
 * begin and one end, also when clocks change in it: a time that does not exist is as much later as
 * the gap is wide, of one that comes twice the first counts.
 */
export function quietUntil(quiet: QuietHours, zone: string, now: Date): Date | undefined {
  const today = DateTime.fromJSDate(now, { zone });
  for (const day of [today.minus({ days: 1 }), today]) {
    const begin = onDay(day, quiet.from);
    const end = onDay(quiet.to > quiet.from ? day : day.plus({ days: 1 }), quiet.to);
    if (begin <= now && now < end) return end;
  }
  return undefined;
}

/** The first of some times of day that is later than now. @param times at least one */
export function nextOf(times: readonly string[], zone: string, now: Date): Date {
  const today = DateTime.fromJSDate(now, { zone });
  const later = [today, today.plus({ days: 1 })]
    .flatMap((day) => times.map((time) => onDay(day, time)))
    .filter((time) => time > now)
    .toSorted((a, b) => a.getTime() - b.getTime());
  const [next] = later;
  if (next === undefined) throw new Error("no time of day to come");
  return next;
}

/** `07:00` as people there read it, with the zone. */
export function clockTime(time: Date, zone: string): string {
  return `${DateTime.fromJSDate(time, { zone }).toFormat("HH:mm")} ${zone}`;
}

function onDay(day: DateTime, time: string): Date {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const { year, month, day: date } = day;
  const wanted = { year, month, day: date, hour, minute };
  return earliest(DateTime.fromObject(wanted, { zone: day.zone })).toJSDate();
}

/** Luxon takes either of two possible times, depending on the offset it guessed from. */
function earliest(time: DateTime): DateTime {
  return time.getPossibleOffsets().reduce((first, one) => (one < first ? one : first), time);
}
