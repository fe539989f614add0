import { type Json, JsonNumber, type JsonObject } from "./json.ts";

/**
 * The one spelling of a value that signatures cover: Python's `json.dumps` with
 * `ensure_ascii=False`, separators without white space and sorted keys, as Laniakea signs.
 */
export function canonicalText(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  // JSON.stringify escapes exactly as Python does, but for lone surrogates, which Json has not.
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof JsonNumber) return pythonNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  return objectText(value);
}

/** Canonical texts of an object's members, by key; `joinMembers` makes the object of them. */
export function memberTexts(object: JsonObject): Map<string, string> {
  return new Map([...object].map(([key, member]) => [key, canonicalText(member)]));
}

/** Canonical text of an object whose members are rendered already. */
export function joinMembers(members: ReadonlyMap<string, string>): string {
  const texts = sortedKeys(members).map((key) => `${JSON.stringify(key)}:${members.get(key)}`);
  return `{${texts.join(",")}}`;
}

/** Canonical text of an object without some of its members. */
export function canonicalTextWithout(object: JsonObject, left: readonly string[]): string {
  const kept = new Map(object);
  for (const key of left) kept.delete(key);
  return objectText(kept);
}

/**
 * A plain JavaScript value as Json. Integral numbers are written without a point; members that are
 * undefined are left out.
 *
 * @throws TypeError for what JSON cannot say: NaN, functions, lone surrogates, dates
 */
export function fromPlain(value: unknown): Json {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return wellFormed(value);
  if (typeof value === "bigint") return new JsonNumber(value.toString());
  if (typeof value === "number") return new JsonNumber(plainNumber(value));
  if (Array.isArray(value)) return value.map(fromPlain);
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`JSON cannot hold a ${Object.prototype.toString.call(value).slice(8, -1)}`);
  }
  const members: JsonObject = new Map();
  for (const [key, member] of Object.entries(value as object)) {
    if (member !== undefined) members.set(wellFormed(key), fromPlain(member));
  }
  return members;
}

/**
 * Json as plain JavaScript values; numbers beyond 2^53 lose digits. A key `__proto__` becomes a
 * member like any other.
 */
export function toPlain(value: JsonObject): Record<string, unknown>;
export function toPlain(value: Json): unknown;
export function toPlain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map((item) => toPlain(item));
  if (!(value instanceof Map)) return value;
  const object: Record<string, unknown> = {};
  for (const [key, member] of value) {
    const property = { value: toPlain(member), enumerable: true, writable: true };
    if (key === "__proto__")
      Object.defineProperty(object, key, { ...property, configurable: true });
    else object[key] = property.value;
  }
  return object;
}

/**
 * JSON text that PostgreSQL's jsonb takes: it has no U+0000 in strings (shown as U+FFFD), no NaN
 * and no Infinity (null). Never for signing.
 *
 * @param text its canonical text, where that is known
 */
export function jsonbText(value: Json, text: string = canonicalText(value)): string {
  // Most values have nothing of the kind, and their text is there already.
  return /\\u0000|NaN|Infinity/.test(text) ? canonicalText(storable(value)) : text;
}

function storable(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("\0", "\ufffd");
  if (value instanceof JsonNumber) return Number.isFinite(Number(value.text)) ? value : big(value);
  if (Array.isArray(value)) return value.map(storable);
  if (!(value instanceof Map)) return value;
  return new Map(
    [...value].map(([key, member]) => [key.replaceAll("\0", "\ufffd"), storable(member)]),
  );
}

/** An integer too large for a double is still a number to PostgreSQL. */
function big(number: JsonNumber): Json {
  return /^-?\d+$/.test(number.text) ? number : null;
}

function objectText(object: JsonObject): string {
  return joinMembers(memberTexts(object));
}

/** JavaScript's own order is Python's, and faster, where no key has units above the surrogates. */
function sortedKeys(object: ReadonlyMap<string, unknown>): string[] {
  const keys = [...object.keys()].sort();
  return keys.some((key) => ABOVE.test(key)) ? keys.sort(compareCodePoints) : keys;
}

const ABOVE = /[\ud800-\uffff]/;

/**
 * Orders text by code point, as Python does. JavaScript's own order is by UTF-16 unit, where the
 * surrogates of astral characters come before U+E000..U+FFFF.
 */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

/** Moves surrogates behind all other units, keeping both groups in order. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** A JSON number as Python reads and prints it: integers as they are, all else as a double. */
function pythonNumber(text: string): string {
  if (/^-?\d+$/.test(text)) return text === "-0" ? "0" : text;
  return pythonFloat(Number(text));
}

/**
 * A double as Python's `repr` prints it: the shortest digits that read back the same, with an
 * exponent of at least two digits below 1e-4 and from 1e16 on.
 */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value < 0 || Object.is(value, -0)) return `-${pythonFloat(-value)}`;
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) return fixedPoint(digits, exponent);
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.slice(0, 1)}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
}

function fixedPoint(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function plainNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`);
  return Number.isInteger(value) ? BigInt(value).toString() : pythonFloat(value);
}

function wellFormed(text: string): string {
  // Without the flag the first pattern finds halves of good pairs too, but is far faster.
  if (/[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text))
    throw new TypeError("text holds half a surrogate pair");
  return text;
}
