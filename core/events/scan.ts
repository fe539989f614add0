/**
 * Reads the usual event without making objects of it. Laniakea's programs send canonical text, so
 * what was signed stands in the frame as it is, and so does the JSON of its data: both are cut
 * out instead of parsed and printed again, in a sixth of the time. Text that is not canonical for
 * certain goes the long way, through `json.ts` and `canonical.ts`.
 */
export interface ScannedEvent {
  /** The members as they stand in the text, or undefined where they do not. */
  tag: string;
  uuid: string;
  format: string;
  time: string;
  dataText: string;
  signaturesText: string | undefined;
  /** What signatures cover. */
  signedText: string;
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
const FIRST_SURROGATE = 0xd800;

/** What is no plain value, and ends all: every position is at least 0. */
const NOT_CANONICAL = -1;

/**
 * Reads canonical text of an event with the usual members: data, format, tag, time and uuid,
 * with or without signatures and unsigned.
 *
 * @returns undefined for any other text, which may still be a fine event
 */
export function scanEvent(text: string): ScannedEvent | undefined {
  const dataStart = after(text, 0, '{"data":');
  if (text.charCodeAt(dataStart) !== OPEN_OBJECT) return undefined;
  const dataEnd = skipObject(text, dataStart, 1);
  const formatStart = after(text, dataEnd, ',"format":');
  const formatEnd = skipPlainString(text, formatStart);
  let signaturesStart = after(text, formatEnd, ',"signatures":');
  let signaturesEnd = formatEnd;
  if (signaturesStart !== NOT_CANONICAL) {
    if (text.charCodeAt(signaturesStart) !== OPEN_OBJECT) return undefined;
    signaturesEnd = skipObject(text, signaturesStart, 1);
  }
  const tagStart = after(text, signaturesEnd, ',"tag":');
  const tagEnd = skipPlainString(text, tagStart);
  const timeStart = after(text, tagEnd, ',"time":');
  const timeEnd = skipPlainString(text, timeStart);
  const unsignedStart = after(text, timeEnd, ',"unsigned":');
  const unsignedEnd = unsignedStart === NOT_CANONICAL ? timeEnd : skipValue(text, unsignedStart, 1);
  const uuidStart = after(text, unsignedEnd, ',"uuid":');
  const uuidEnd = skipPlainString(text, uuidStart);
  // Once a part was not as expected, all behind it were not either.
  if (uuidEnd === NOT_CANONICAL || uuidEnd !== text.length - 1) return undefined;
  if (text.charCodeAt(uuidEnd) !== CLOSE_OBJECT) return undefined;
  return {
    tag: text.slice(tagStart + 1, tagEnd - 1),
    uuid: text.slice(uuidStart + 1, uuidEnd - 1),
    format: text.slice(formatStart + 1, formatEnd - 1),
    time: text.slice(timeStart + 1, timeEnd - 1),
    dataText: text.slice(dataStart, dataEnd),
    signaturesText:
      signaturesStart === NOT_CANONICAL ? undefined : text.slice(signaturesStart, signaturesEnd),
    signedText:
      text.slice(0, formatEnd) + text.slice(signaturesEnd, timeEnd) + text.slice(unsignedEnd),
  };
}

/** The position behind some text that stands here. */
function after(text: string, position: number, expected: string): number {
  if (position === NOT_CANONICAL || !text.startsWith(expected, position)) return NOT_CANONICAL;
  return position + expected.length;
}

function skipValue(text: string, position: number, depth: number): number {
  const first = text.charCodeAt(position);
  if (first === QUOTE) return skipString(text, position);
  if (first === OPEN_OBJECT) return skipObject(text, position, depth);
  if (first === OPEN_LIST) return skipList(text, position, depth);
  if (first === MINUS || (first >= ZERO && first <= NINE)) return skipInteger(text, position);
  for (const word of ["true", "false", "null"]) {
    if (text.startsWith(word, position)) return position + word.length;
  }
  return NOT_CANONICAL;
}

/** Keys grow from each to the next, so that none is there twice. */
function skipObject(text: string, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return NOT_CANONICAL;
  let position = start + 1;
  if (text.charCodeAt(position) === CLOSE_OBJECT) return position + 1;
  let lastKey: string | undefined;
  for (;;) {
    const keyEnd = skipPlainString(text, position);
    if (keyEnd === NOT_CANONICAL || text.charCodeAt(keyEnd) !== COLON) return NOT_CANONICAL;
    const key = text.slice(position + 1, keyEnd - 1);
    if (lastKey !== undefined && lastKey >= key) return NOT_CANONICAL;
    lastKey = key;
    position = skipValue(text, keyEnd + 1, depth + 1);
    if (position === NOT_CANONICAL) return NOT_CANONICAL;
    const next = text.charCodeAt(position);
    position += 1;
    if (next === CLOSE_OBJECT) return position;
    if (next !== COMMA) return NOT_CANONICAL;
  }
}

function skipList(text: string, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return NOT_CANONICAL;
  let position = start + 1;
  if (text.charCodeAt(position) === CLOSE_LIST) return position + 1;
  for (;;) {
    position = skipValue(text, position, depth + 1);
    if (position === NOT_CANONICAL) return NOT_CANONICAL;
    const next = text.charCodeAt(position);
    position += 1;
    if (next === CLOSE_LIST) return position;
    if (next !== COMMA) return NOT_CANONICAL;
  }
}

/** A string with the escapes that Python writes; control characters by number are left aside. */
function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return NOT_CANONICAL;
  for (let position = start + 1; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code < 0x20) return NOT_CANONICAL;
    if (code !== BACKSLASH) continue;
    position += 1;
    if (!'"\\bfnrt'.includes(text.charAt(position) || "x")) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

/** A string that reads as it is written, and compares as Python compares. */
function skipPlainString(text: string, start: number): number {
  if (start === NOT_CANONICAL || text.charCodeAt(start) !== QUOTE) return NOT_CANONICAL;
  for (let position = start + 1; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code < 0x20 || code === BACKSLASH || code >= FIRST_SURROGATE) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

/** An integer as Python prints it; floats have many spellings and are left aside. */
function skipInteger(text: string, start: number): number {
  const digits = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let position = digits;
  while (isDigit(text.charCodeAt(position))) position += 1;
  const length = position - digits;
  if (length === 0 || length > MAX_DIGITS) return NOT_CANONICAL;
  // Neither 01 nor -0.
  if (text.charCodeAt(digits) === ZERO && position - start > 1) return NOT_CANONICAL;
  // Of 1.5 or 1e3 only the 1 was read: whoever called finds no comma behind it.
  return position;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
