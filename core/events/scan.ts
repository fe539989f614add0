import { isUtf8 } from "node:buffer";

/**
 * Reads the usual event without making objects of it. Laniakea's programs send canonical text, so
 * what was signed stands in the frame as it is, and so does the JSON of its data: both are cut
 * out as bytes instead of parsed and printed again, in a tenth of the time. Text that is not
 * canonical for certain goes the long way, through `json.ts` and `canonical.ts`.
 */
export interface ScannedEvent {
  tag: string;
  uuid: string;
  format: string;
  time: string;
  /** JSON of its data; a part of the frame. */
  data: Buffer;
  signaturesText: string | undefined;
  unsignedText: string | undefined;
  /** What signatures cover: everything but `signatures` and `unsigned`. */
  covered: Buffer;
  /** Where in `covered` those two have their places. */
  signaturesAt: number;
  unsignedAt: number;
}

/** Nesting of honest events; what is deeper is looked at by the parser, which has the limit. */
const MAX_DEPTH = 30;
/** Honest numbers; longer ones may be beyond what Python reads. */
const MAX_DIGITS = 30;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const FIRST_BEYOND_ASCII = 0x80;
/** What may follow a backslash: control characters by number are left aside. */
const ESCAPED = new Set(Buffer.from('"\\bfnrt'));

const DATA = Buffer.from('{"data":');
const FORMAT = Buffer.from(',"format":');
const SIGNATURES = Buffer.from(',"signatures":');
const TAG = Buffer.from(',"tag":');
const TIME = Buffer.from(',"time":');
const UNSIGNED = Buffer.from(',"unsigned":');
const UUID = Buffer.from(',"uuid":');
const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

/** What is no plain value, and ends all: every position is at least 0. */
const NOT_CANONICAL = -1;

/**
 * Reads canonical text of an event with the usual members: data, format, tag, time and uuid,
 * with or without signatures and unsigned.
 *
 * @returns undefined for any other text, which may still be a fine event
 */
export function scanEvent(bytes: Buffer): ScannedEvent | undefined {
  const dataStart = after(bytes, 0, DATA);
  if (bytes[dataStart] !== OPEN_OBJECT) return undefined;
  const dataEnd = skipObject(bytes, dataStart, 1);
  const formatStart = after(bytes, dataEnd, FORMAT);
  const formatEnd = skipName(bytes, formatStart);
  const signaturesStart = after(bytes, formatEnd, SIGNATURES);
  const signaturesEnd = skipMember(bytes, signaturesStart, formatEnd);
  const tagStart = after(bytes, signaturesEnd, TAG);
  const tagEnd = skipName(bytes, tagStart);
  const timeStart = after(bytes, tagEnd, TIME);
  const timeEnd = skipName(bytes, timeStart);
  const unsignedStart = after(bytes, timeEnd, UNSIGNED);
  const unsignedEnd = skipMember(bytes, unsignedStart, timeEnd);
  const uuidStart = after(bytes, unsignedEnd, UUID);
  const uuidEnd = skipName(bytes, uuidStart);
  // Once a part was not as expected, all behind it were not either.
  if (uuidEnd === NOT_CANONICAL || uuidEnd !== bytes.length - 1) return undefined;
  if (bytes[uuidEnd] !== CLOSE_OBJECT || !isUtf8(bytes)) return undefined;
  const unsignedAt = formatEnd + timeEnd - signaturesEnd;
  const covered = Buffer.allocUnsafe(unsignedAt + bytes.length - unsignedEnd);
  bytes.copy(covered, 0, 0, formatEnd);
  bytes.copy(covered, formatEnd, signaturesEnd, timeEnd);
  bytes.copy(covered, unsignedAt, unsignedEnd);
  const name = (start: number, end: number): string => bytes.toString("latin1", start + 1, end - 1);
  const member = (start: number, end: number): string | undefined =>
    start === NOT_CANONICAL ? undefined : bytes.toString("utf8", start, end);
  return {
    tag: name(tagStart, tagEnd),
    uuid: name(uuidStart, uuidEnd),
    format: name(formatStart, formatEnd),
    time: name(timeStart, timeEnd),
    data: bytes.subarray(dataStart, dataEnd),
    signaturesText: member(signaturesStart, signaturesEnd),
    unsignedText: member(unsignedStart, unsignedEnd),
    covered,
    signaturesAt: formatEnd,
    unsignedAt,
  };
}

/** The position behind some text that stands here. */
function after(bytes: Uint8Array, position: number, expected: Uint8Array): number {
  if (position === NOT_CANONICAL) return NOT_CANONICAL;
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[position + index] !== expected[index]) return NOT_CANONICAL;
  }
  return position + expected.length;
}

/** The end of a member that may be missing, and is an object. */
function skipMember(bytes: Uint8Array, start: number, without: number): number {
  if (start === NOT_CANONICAL) return without;
  return bytes[start] === OPEN_OBJECT ? skipObject(bytes, start, 1) : NOT_CANONICAL;
}

function skipValue(bytes: Uint8Array, position: number, depth: number): number {
  const first = bytes[position] ?? 0;
  if (first === QUOTE) return skipString(bytes, position);
  if (first === OPEN_OBJECT) return skipObject(bytes, position, depth);
  if (first === OPEN_LIST) return skipList(bytes, position, depth);
  if (first === MINUS || isDigit(first)) return skipInteger(bytes, position);
  for (const word of WORDS) {
    const end = after(bytes, position, word);
    if (end !== NOT_CANONICAL) return end;
  }
  return NOT_CANONICAL;
}

/** Keys grow from each to the next, so that none is there twice. */
function skipObject(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return NOT_CANONICAL;
  let position = start + 1;
  if (bytes[position] === CLOSE_OBJECT) return position + 1;
  let lastKey = NOT_CANONICAL;
  for (;;) {
    const key = position;
    const keyEnd = skipPlainString(bytes, key);
    if (keyEnd === NOT_CANONICAL || bytes[keyEnd] !== COLON) return NOT_CANONICAL;
    if (lastKey !== NOT_CANONICAL && !isBefore(bytes, lastKey, key)) return NOT_CANONICAL;
    lastKey = key;
    position = skipValue(bytes, keyEnd + 1, depth + 1);
    if (position === NOT_CANONICAL) return NOT_CANONICAL;
    const next = bytes[position];
    position += 1;
    if (next === CLOSE_OBJECT) return position;
    if (next !== COMMA) return NOT_CANONICAL;
  }
}

/**
 * Whether one key sorts before another, as Python compares them: bytes of UTF-8 compare as their
 * characters do, and a key comes before those that begin with it.
 */
function isBefore(bytes: Uint8Array, one: number, other: number): boolean {
  for (let index = 1; ; index += 1) {
    const [a, b] = [bytes[one + index] ?? 0, bytes[other + index] ?? 0];
    if (a === b && a !== QUOTE) continue;
    return a !== b && b !== QUOTE && (a === QUOTE || a < b);
  }
}

function skipList(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return NOT_CANONICAL;
  let position = start + 1;
  if (bytes[position] === CLOSE_LIST) return position + 1;
  for (;;) {
    position = skipValue(bytes, position, depth + 1);
    if (position === NOT_CANONICAL) return NOT_CANONICAL;
    const next = bytes[position];
    position += 1;
    if (next === CLOSE_LIST) return position;
    if (next !== COMMA) return NOT_CANONICAL;
  }
}

/** A string with the escapes that Python writes. */
function skipString(bytes: Uint8Array, start: number): number {
  for (let position = start + 1; position < bytes.length; position += 1) {
    const byte = bytes[position] ?? 0;
    if (byte === QUOTE) return position + 1;
    if (byte < 0x20) return NOT_CANONICAL;
    if (byte !== BACKSLASH) continue;
    position += 1;
    if (!ESCAPED.has(bytes[position] ?? 0)) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

/** A string that reads as it is written. */
function skipPlainString(bytes: Uint8Array, start: number, beyond = 0x100): number {
  if (start === NOT_CANONICAL || bytes[start] !== QUOTE) return NOT_CANONICAL;
  for (let position = start + 1; position < bytes.length; position += 1) {
    const byte = bytes[position] ?? 0;
    if (byte === QUOTE) return position + 1;
    if (byte < 0x20 || byte === BACKSLASH || byte >= beyond) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

/** A string of ASCII: nothing else can stand in the members that we read. */
function skipName(bytes: Uint8Array, start: number): number {
  return skipPlainString(bytes, start, FIRST_BEYOND_ASCII);
}

/** An integer as Python prints it; floats have many spellings and are left aside. */
function skipInteger(bytes: Uint8Array, start: number): number {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  let position = digits;
  while (isDigit(bytes[position] ?? 0)) position += 1;
  const length = position - digits;
  if (length === 0 || length > MAX_DIGITS) return NOT_CANONICAL;
  // Neither 01 nor -0.
  if (bytes[digits] === ZERO && position - start > 1) return NOT_CANONICAL;
  // Of 1.5 or 1e3 only the 1 was read: whoever called finds no comma behind it.
  return position;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
