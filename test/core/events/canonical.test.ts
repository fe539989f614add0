import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import {
  canonicalText,
  compareCodePoints,
  fromPlain,
  jsonbText,
  toPlain,
} from "../../../core/events/canonical.ts";
import { parseJson } from "../../../core/events/json.ts";

const pythonNumbers = JSON.parse(
  readFileSync("test/fixtures/events/python-numbers.json", "utf8"),
) as [string, string][];

test("numbers are printed as Python prints them", (t) => {
  for (const [written, printed] of pythonNumbers) {
    t.is(canonicalText(parseJson(written)), printed, written);
  }
});

test("the Unicode event has the canonical form of the original code", (t) => {
  const wild = '\u2028\u007f\u0001\b\f\n\r\t"\\/';
  const event = fromPlain({
    uuid: "00000000-0000-1000-8000-000000000000",
    time: "2026-04-01T06:01:17",
    tag: "_lk.test.unicode",
    format: "1.0",
    data: {
      "\u{1f600}": "astral",
      "\ufffd": "bmp",
      é: wild,
      t: true,
      neg: -1,
      n: null,
      l: [1, "a", {}],
      i: 12345678901234567890n,
      e: "",
    },
  });
  const hash = createHash("sha256").update(canonicalText(event)).digest("hex");
  t.is(hash, "dacb6625b2f1e1cb2dc78657a1fc3ae5e91fada5d7cdacb8b8349c0c444e9507");
});

test("keys are ordered by code point at every depth", (t) => {
  const text = '{"\u{1f600}":{"\u{10000}":1,"\uffff":2,"z":3},"\ue000":4,"":5,"A":6}';
  t.is(
    canonicalText(parseJson(text)),
    '{"":5,"A":6,"\ue000":4,"\u{1f600}":{"z":3,"\uffff":2,"\u{10000}":1}}',
  );
});

test("the order of keys is that of their UTF-8 bytes", (t) => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      return Math.sign(compareCodePoints(left, right)) === bytes;
    }),
  );
  t.pass();
});

test("canonical text means the same and is canonical again", (t) => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary", maxDepth: 5 }), (text) => {
      const canonical = canonicalText(parseJson(text));
      t.deepEqual(JSON.parse(canonical), unsignedZeros(JSON.parse(text)));
      t.is(canonicalText(parseJson(canonical)), canonical);
    }),
  );
});

/** Python reads -0 as the integer 0. */
function unsignedZeros(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(unsignedZeros);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.entries(value).map(([key, member]) => [key, unsignedZeros(member)] as const);
  return Object.fromEntries(copy);
}

test("plain values survive the way there and back, __proto__ included", (t) => {
  const plain = JSON.parse('{"__proto__":{"polluted":1},"constructor":"c","list":[1.5,null]}');
  const back = toPlain(fromPlain(plain));
  t.deepEqual(Object.keys(back as object), ["__proto__", "constructor", "list"]);
  t.is(JSON.stringify(back), JSON.stringify(plain));
  t.false("polluted" in {});
});

test("what JSON cannot say is refused, not guessed", (t) => {
  for (const value of [
    Number.NaN,
    Infinity,
    new Date(),
    () => 1,
    Symbol("x"),
    "\ud800",
    undefined,
  ]) {
    t.throws(() => fromPlain({ value: [value] }), { instanceOf: TypeError });
  }
  t.is(
    canonicalText(fromPlain({ left: undefined, kept: 1e21 })),
    '{"kept":1000000000000000000000}',
  );
});

test("the text for jsonb holds nothing that PostgreSQL refuses", (t) => {
  const json = parseJson(
    '{"a\\u0000":"\\u0000x","n":NaN,"i":-Infinity,"e":1e999,"big":1234567890123456789012}',
  );
  t.is(
    jsonbText(json),
    '{"a\ufffd":"\ufffdx","big":1234567890123456789012,"e":null,"i":null,"n":null}',
  );
});
