import { canonicalText, fromPlain, toPlain } from "./canonical.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { newUuid, uuidTime } from "./uuid.ts";

/** What an event says, apart from who vouches for it. */
export interface Envelope {
  tag: string;
  /** Lower case. */
  uuid: string;
  time: Date;
  data: JsonObject;
}

/** Why an object is not an event. */
export interface EnvelopeFault {
  code: "member-missing" | "member-invalid";
  reason: string;
}

export const FORMAT = "1.0";
const MEMBERS = ["tag", "uuid", "format", "time", "data"] as const;
/** Tags become ZeroMQ topics and parts of globs: printable, no spaces, not endless. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,199}$/;
const TIME =
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d(?::\d\d)?)?$/;
/** The usual spellings, which JavaScript reads as they are: ours, and the peer's. */
const ZONED_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?$/;
/** No zone is further from UTC than 14 hours; the rest is for slow clocks. */
const FURTHEST_ZONE_MS = 14 * 3_600_000 + 600_000;

/** A new, unsigned event of now. @throws TypeError when `data` cannot be said in JSON */
export function makeEnvelope(
  tag: string,
  data: Record<string, unknown>,
  now: Date = new Date(),
): JsonObject {
  return new Map<string, Json>([
    ["tag", tag],
    ["uuid", newUuid(now.getTime())],
    ["format", FORMAT],
    // Peers write local time without a zone; ours is UTC and says so.
    ["time", now.toISOString().replace("Z", "+00:00")],
    ["data", fromPlain(data)],
  ]);
}

/** Checks the five members of an event; signatures are another matter. */
export function readEnvelope(object: JsonObject): Envelope | EnvelopeFault {
  const missing = MEMBERS.find((name) => !object.has(name));
  if (missing !== undefined) {
    return { code: "member-missing", reason: `the member ${missing} is missing` };
  }
  const [tag, uuid, format, time, data] = MEMBERS.map((name) => object.get(name));
  const read = readMembers(tag, uuid, format, time);
  if ("code" in read) return read;
  return isObject(data) ? { ...read, data } : invalid("data is not an object");
}

/** Checks all members but the data. */
export function readMembers(
  tag: unknown,
  uuid: unknown,
  format: unknown,
  time: unknown,
): Omit<Envelope, "data"> | EnvelopeFault {
  if (typeof tag !== "string" || !TAG.test(tag)) return invalid("tag is not a tag");
  if (typeof uuid !== "string" || uuidTime(uuid) === undefined) {
    return invalid("uuid is not a version 1 UUID");
  }
  if (format !== FORMAT) return invalid(`format is not "${FORMAT}"`);
  const when = typeof time === "string" ? eventTime(time, uuid) : undefined;
  if (when === undefined) return invalid("time is not an ISO 8601 time");
  return { tag, uuid: uuid.toLowerCase(), time: when };
}

/** The wire form: canonical text of the whole event. */
export function wireText(event: JsonObject): string {
  return canonicalText(event);
}

/** The event as plain values, for printing as JSON. */
export function plainEvent(event: JsonObject): Record<string, unknown> {
  return toPlain(event);
}

/**
 * The moment an event speaks of. Time with a zone is taken as it is. Laniakea writes the sender's
 * local time without one: then the version 1 UUID, made in the same instant and in UTC, tells,
 * as long as the two are no further apart than time zones are; else the time counts as UTC.
 *
 * @returns undefined when the text is no time
 */
export function eventTime(text: string, uuid: string): Date | undefined {
  if (LOCAL_TIME.test(text)) return unzonedTime(new Date(`${text}Z`), uuid);
  if (ZONED_TIME.test(text)) return sane(new Date(text));
  if (!TIME.test(text)) return undefined;
  const iso = text.replace(" ", "T").replace(/([+-]\d\d):?(\d\d)(?::\d\d)?$/, "$1:$2");
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(iso.slice(16));
  const time = new Date(zoned ? iso : `${iso}Z`);
  return zoned ? sane(time) : unzonedTime(time, uuid);
}

/** Nothing here is older than Unix time, and databases end at year 0. Also false for NaN. */
function sane(time: Date): Date | undefined {
  return time.getTime() >= 0 ? time : undefined;
}

/** @param time as if it were UTC */
function unzonedTime(time: Date, uuid: string): Date | undefined {
  const made = uuidTime(uuid);
  if (sane(time) === undefined || made === undefined) return sane(time);
  return Math.abs(made.getTime() - time.getTime()) <= FURTHEST_ZONE_MS ? made : time;
}

function invalid(reason: string): EnvelopeFault {
  return { code: "member-invalid", reason };
}
