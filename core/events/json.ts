/**
 * JSON without loss: numbers keep the text they came with, objects keep every key, `__proto__`
 * included. Signatures cover Python's spelling of a value, and JavaScript's own parser has
 * forgotten whether 1.0 was written with a point.
 */
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** A number as written: `1.0`, `1e16`, `-1180591620717411303424`, also `NaN` and `Infinity`. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Text that is not JSON, or nested or sized beyond the limits. */
export class JsonError extends Error {
  /** Where, in UTF-16 units from the start. */
  readonly position: number;
  constructor(message: string, position: number) {
    super(`${message} at character ${position + 1}`);
    this.name = "JsonError";
    this.position = position;
  }
}

/** Deeper nesting is refused; honest events stay below ten. */
export const MAX_DEPTH = 100;
/** Python refuses longer integers too (CPython, sys.set_int_max_str_digits). */
const MAX_INTEGER_DIGITS = 4300;

const WHITE_SPACE = /[ \t\n\r]*/y;
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y; // oxlint-disable-line no-control-regex
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const LITERAL = /true|false|null|NaN|-?Infinity/y;
const HEX = /[0-9a-fA-F]{4}/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPES: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Parses what Python's `json.loads` parses: also `NaN` and `Infinity`; of equal keys the last one
 * counts. Lone surrogates are refused, for they cannot be encoded and therefore not be signed.
 *
 * @throws JsonError
 */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  reader.skipSpace();
  const value = reader.value(0);
  reader.skipSpace();
  if (reader.position < text.length) reader.fail("unexpected text after the value");
  return value;
}

/** True for an object, as opposed to a list or a single value. */
export function isObject(value: unknown): value is JsonObject {
  return value instanceof Map;
}

class Reader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(what: string): never {
    const ended = this.position >= this.text.length;
    throw new JsonError(ended ? "unexpected end" : what, this.position);
  }

  skipSpace(): void {
    this.#match(WHITE_SPACE);
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) this.fail("nested too deeply");
    switch (this.text[this.position]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #object(depth: number): JsonObject {
    const members: JsonObject = new Map();
    this.position += 1;
    this.skipSpace();
    if (this.#take("}")) return members;
    for (;;) {
      if (this.text[this.position] !== '"') this.fail("expected a key");
      const key = this.#string();
      this.skipSpace();
      if (!this.#take(":")) this.fail("expected a colon");
      this.skipSpace();
      members.set(key, this.value(depth + 1));
      this.skipSpace();
      if (this.#take("}")) return members;
      if (!this.#take(",")) this.fail("expected a comma or }");
      this.skipSpace();
    }
  }

  #list(depth: number): Json[] {
    const items: Json[] = [];
    this.position += 1;
    this.skipSpace();
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      this.skipSpace();
      if (this.#take("]")) return items;
      if (!this.#take(",")) this.fail("expected a comma or ]");
      this.skipSpace();
    }
  }

  #string(): string {
    const start = this.position;
    this.position += 1;
    let value = this.#match(PLAIN_CHARACTERS);
    let escaped = false;
    while (!this.#take('"')) {
      if (!this.#take("\\")) this.fail("control character in a string");
      value += this.#escape() + this.#match(PLAIN_CHARACTERS);
      escaped = true;
    }
    // Decoded UTF-8 holds none; only \u escapes can make one.
    if (escaped && LONE_SURROGATE.test(value)) throw new JsonError("half a surrogate pair", start);
    return value;
  }

  #escape(): string {
    const letter = this.text[this.position] ?? "";
    const plain = ESCAPES[letter];
    if (plain === undefined && letter !== "u") this.fail("unknown escape");
    this.position += 1;
    if (plain !== undefined) return plain;
    const hex = this.#match(HEX);
    if (hex === "") this.fail("expected four hexadecimal digits");
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #scalar(): null | boolean | JsonNumber {
    const word = this.#match(LITERAL);
    if (word === "") return this.#number();
    if (word === "null") return null;
    if (word === "true" || word === "false") return word === "true";
    return new JsonNumber(word);
  }

  #number(): JsonNumber {
    const start = this.position;
    const text = this.#match(NUMBER);
    if (text === "") this.fail("expected a value");
    if (/^-?\d+$/.test(text) && text.length > MAX_INTEGER_DIGITS) {
      throw new JsonError("integer of too many digits", start);
    }
    return new JsonNumber(text);
  }

  #take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  /** The text that a sticky pattern matches here, or "" when it does not; moves behind it. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    if (!pattern.test(this.text)) return "";
    const start = this.position;
    this.position = pattern.lastIndex;
    return this.text.slice(start, this.position);
  }
}
