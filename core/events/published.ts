import { wireText } from "./envelope.ts";
import { compareCodePoints } from "./canonical.ts";
import { isObject, type Json, JsonNumber, type JsonObject, parseJson } from "./json.ts";
import { KEY_ID, signatureText, signObject, type SigningKey } from "./signature.ts";

/** Where an event stands in what a Lighthouse publishes. */
export interface Position {
  /** The id of a Lighthouse: of its database, whichever process publishes. */
  lighthouse: string;
  /** 1 for its first event, and one more for each; never used again. */
  sequence: number;
}

/** The two frames of a published event. */
export interface PublishedEvent {
  tag: string;
  text: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No honest way through relays is longer. */
const MAX_HOPS = 16;
/** Enough for `unsigned` and `uuid`, which end the canonical text. */
const TAIL_BYTES = 2_048;
/** In canonical text no string holds a bare quote, so that only the members themselves match. */
const TAIL = /,"unsigned":(\{[^{}]*\}),"uuid":"[0-9a-fA-F-]{36}"\}$/;

/**
 * The form in which Lighthouse publishes an event: canonical text, one more signature, and in
 * `unsigned`, which no signature covers and old peers ignore, where it stands. The Lighthouse that
 * it came from, if any, becomes the last of `hops`.
 *
 * @param body the event as received
 * @returns undefined when the text is no event
 */
export function publishedEvent(
  body: string,
  key: SigningKey,
  position: Position,
): PublishedEvent | undefined {
  return spliced(body, key, position) ?? rewritten(body, key, position);
}

/** Reads where an event stands from its published form, verified or not; cheap. */
export function readPosition(published: Buffer): Position | undefined {
  const unsigned = readUnsigned(published);
  const { lighthouse, sequence } = unsigned ?? {};
  if (typeof lighthouse !== "string" || !UUID.test(lighthouse)) return undefined;
  if (!Number.isSafeInteger(sequence) || Number(sequence) < 1) return undefined;
  return { lighthouse, sequence: Number(sequence) };
}

/** All Lighthouses that an event passed on its way, the one that published it last. */
export function readHops(published: Buffer): string[] {
  return hopsOf(readUnsigned(published) ?? {});
}

function readUnsigned(published: Buffer): Record<string, unknown> | undefined {
  const tail = published.toString("utf8", Math.max(0, published.length - TAIL_BYTES));
  const text = TAIL.exec(tail)?.[1];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function hopsOf({ hops, lighthouse }: Record<string, unknown>): string[] {
  const given = [...(Array.isArray(hops) ? (hops as unknown[]) : []), lighthouse];
  const known = given.filter((one) => typeof one === "string" && UUID.test(one)) as string[];
  return known.slice(-MAX_HOPS);
}

function unsignedText(hops: string[], { lighthouse, sequence }: Position): string {
  const before = hops.length === 0 ? "" : `"hops":${JSON.stringify(hops)},`;
  return `{${before}"lighthouse":"${lighthouse}","sequence":${sequence}}`;
}

/** What Laniakea's events consist of, when they consist of nothing else. */
interface UsualEvent {
  data: unknown;
  format: unknown;
  signatures?: Record<string, Record<string, string>>;
  tag: string;
  time: string;
  unsigned?: Record<string, unknown>;
  uuid: string;
}

const USUAL = /^data,format,(?:signatures,)?tag,time,(?:unsigned,)?uuid$/;
const OURS = new Set(["hops", "lighthouse", "sequence"]);

/**
 * The usual case, in a quarter of the time: the text is canonical already, so the new members are
 * set in and everything else stays byte for byte. What the JavaScript parser would not give back
 * as it was goes the long way.
 */
function spliced(body: string, key: SigningKey, position: Position): PublishedEvent | undefined {
  const event = parseUsual(body);
  if (event === undefined) return undefined;
  const { signatures, tag, time, unsigned, uuid } = event;
  const place = `,"tag":${JSON.stringify(tag)},"time":${JSON.stringify(time)}`;
  const id = `,"uuid":${JSON.stringify(uuid)}}`;
  const given = signatures === undefined ? "" : `,"signatures":${JSON.stringify(signatures)}`;
  const aside = unsigned === undefined ? "" : `,"unsigned":${JSON.stringify(unsigned)}`;
  const head = body.slice(0, body.length - given.length - place.length - aside.length - id.length);
  const own = signatureText(Buffer.from(`${head}${place}${id}`), key);
  const byKey = objectText({ ...signatures?.[key.signer], [KEY_ID]: own }, JSON.stringify);
  const bySigner = objectText({ ...signatures, [key.signer]: byKey }, (value) =>
    value === byKey ? byKey : JSON.stringify(value),
  );
  const beside = unsignedText(hopsOf(unsigned ?? {}), position);
  const text = `${head},"signatures":${bySigner}${place},"unsigned":${beside}${id}`;
  return { tag, text };
}

/** An event whose text is canonical for certain, and has the usual members only. */
function parseUsual(body: string): UsualEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!USUAL.test(Object.keys(value).join())) return undefined;
  const event = value as UsualEvent;
  const { signatures, tag, unsigned } = event;
  if (typeof tag !== "string" || signatures === null || unsigned === null) return undefined;
  for (const part of [signatures ?? {}, unsigned ?? {}, ...Object.values(signatures ?? {})]) {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return undefined;
  }
  if (!Object.keys(unsigned ?? {}).every((name) => OURS.has(name))) return undefined;
  // Equal text: no white space, no doubled keys, no other spelling of strings and numbers.
  return isCanonical(value) && JSON.stringify(value) === body ? event : undefined;
}

/** Whether `JSON.stringify` prints a parsed value as Python does. */
function isCanonical(value: unknown): boolean {
  // Python spells floats in its own way.
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isCanonical);
  let last: string | undefined;
  for (const [key, member] of Object.entries(value)) {
    if (last !== undefined && compareCodePoints(last, key) >= 0) return false;
    if (!isCanonical(member)) return false;
    last = key;
  }
  return true;
}

/** An object in canonical order, which is not always the one that JavaScript keeps. */
function objectText(members: Record<string, unknown>, print: (value: unknown) => string): string {
  const keys = Object.keys(members).toSorted(compareCodePoints);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${print(members[key])}`).join(",")}}`;
}

/** The same for any text, through the parser that loses nothing. */
function rewritten(body: string, key: SigningKey, position: Position): PublishedEvent | undefined {
  const event = parseJson(body);
  const tag = isObject(event) ? event.get("tag") : undefined;
  if (!isObject(event) || typeof tag !== "string") return undefined;
  const given = event.get("unsigned");
  const unsigned: JsonObject = new Map(isObject(given) ? given : []);
  const hops = hopsOf({ hops: unsigned.get("hops"), lighthouse: unsigned.get("lighthouse") });
  unsigned.delete("hops");
  if (hops.length > 0) unsigned.set("hops", hops satisfies Json);
  unsigned.set("lighthouse", position.lighthouse);
  unsigned.set("sequence", new JsonNumber(String(position.sequence)));
  const whole = new Map(signObject(event, key)).set("unsigned", unsigned);
  return { tag, text: wireText(whole) };
}
