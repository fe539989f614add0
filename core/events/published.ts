import { wireText } from "./envelope.ts";
import { compareCodePoints } from "./canonical.ts";
import { isObject, type Json, JsonNumber, type JsonObject, parseJson } from "./json.ts";
import { type ScannedEvent, scanEvent } from "./scan.ts";
import { KEY_ID, signatureText, signObject, type SigningKey } from "./signature.ts";

/** Where an event stands in what a Lighthouse publishes. */
export interface Position {
  /** The id of a Lighthouse: of its database, whichever process publishes. */
  lighthouse: string;
  /** 1 for its first event, and one more for each; never used again. */
  sequence: number;
}

/** The two frames of a published event. */
export interface PublishedEvent<Text = string> {
  tag: string;
  text: Text;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No honest way through relays is longer. */
const MAX_HOPS = 16;
/** Enough for `unsigned` and `uuid`, which end the canonical text. */
const TAIL_BYTES = 2_048;
/** What this Lighthouse says in `unsigned`. */
const OURS = new Set(["hops", "lighthouse", "sequence"]);
const CLOSING = Buffer.from("}");
/** The signature of one signer, as nearly all events have; no parser is needed for it. */
const SINGLE = /^\{("([^"\\]+)":\{"ed25519:0":"[^"\\]+"\})\}$/;
/** In canonical text no string holds a bare quote, so that only the members themselves match. */
const TAIL = /,"unsigned":(\{[^{}]*\}),"uuid":"[0-9a-fA-F-]{36}"\}$/;

/** A published event whose number is still to be set in. */
export interface PreparedEvent {
  tag: string;
  /** Its text around the number, in UTF-8. */
  before: Buffer;
  after: Buffer;
}

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
  const scanned = scanEvent(Buffer.from(body));
  const prepared = scanned && prepareEvent(scanned, key, position.lighthouse);
  if (prepared === undefined) return rewritten(body, key, position);
  const { tag, before, after } = prepared;
  return { tag, text: `${before.toString()}${position.sequence}${after.toString()}` };
}

/**
 * All of the published form but the number, which no signature covers, in a quarter of the time:
 * the text is canonical already, so the new members are set in and everything else stays byte for
 * byte.
 *
 * @returns undefined when the members have to be written anew
 */
export function prepareEvent(
  scanned: ScannedEvent,
  key: SigningKey,
  lighthouse: string,
): PreparedEvent | undefined {
  const { covered, signaturesAt, tag, unsignedAt, unsignedText } = scanned;
  const passed = unsignedText === undefined ? "" : passedText(unsignedText);
  if (passed === undefined) return undefined;
  const signatures = signaturesWith(scanned.signaturesText ?? "{}", key, covered);
  if (signatures === undefined) return undefined;
  return {
    tag,
    before: Buffer.concat([
      covered.subarray(0, signaturesAt),
      Buffer.from(`,"signatures":${signatures}`),
      covered.subarray(signaturesAt, unsignedAt),
      Buffer.from(`,"unsigned":{${passed}"lighthouse":"${lighthouse}","sequence":`),
    ]),
    after: Buffer.concat([CLOSING, covered.subarray(unsignedAt)]),
  };
}

/** The signatures of an event and our own, in canonical order; undefined for odd ones. */
function signaturesWith(text: string, key: SigningKey, covered: Buffer): string | undefined {
  const [, one, name = ""] = SINGLE.exec(text) ?? [];
  const order = compareCodePoints(name, key.signer);
  if (one !== undefined && order !== 0) {
    const own = `${JSON.stringify(key.signer)}:{"${KEY_ID}":"${signatureText(covered, key)}"}`;
    return order < 0 ? `{${one},${own}}` : `{${own},${one}}`;
  }
  const signatures = parseAsWritten(text) as Record<string, object> | undefined;
  if (signatures === undefined || !Object.values(signatures).every(isPlainObject)) return undefined;
  const own = signatureText(covered, key);
  const byKey = objectText({ ...signatures[key.signer], [KEY_ID]: own }, JSON.stringify);
  return objectText({ ...signatures, [key.signer]: byKey }, (value) =>
    value === byKey ? byKey : JSON.stringify(value),
  );
}

/** What is said of the way that an event came; undefined when `unsigned` says more than that. */
function passedText(unsignedText: string): string | undefined {
  const unsigned = JSON.parse(unsignedText) as Record<string, unknown>;
  if (!Object.keys(unsigned).every((name) => OURS.has(name))) return undefined;
  const hops = hopsOf(unsigned);
  return hops.length === 0 ? "" : `"hops":${JSON.stringify(hops)},`;
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

/** Undefined when JavaScript would print it in another way: it has its own order of keys. */
function parseAsWritten(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return JSON.stringify(value) === text ? value : undefined;
}

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
