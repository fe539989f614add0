import test from "ava";
import fc from "fast-check";
import { toPlain } from "../../../core/events/canonical.ts";
import { JsonError, MAX_DEPTH, parseJson } from "../../../core/events/json.ts";

test("whatever JSON.parse reads is read alike", (t) => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary", maxDepth: 6 }), (text) => {
      t.deepEqual(toPlain(parseJson(text)), JSON.parse(text));
    }),
  );
});

test("text that JSON.parse refuses is refused, but for Python's NaN and Infinity", (t) => {
  const words = "{ [ \" {] [1,] {a:1} 01 1. .5 +1 - 1e 0x10 nul True 'a' --1 // ]".split(" ");
  const texts = [
    "",
    " ",
    "1 2",
    "- 1",
    "\ufeff{}",
    "{}\u00a0",
    '{"a":1}}',
    '{"a":1,}',
    '{"a" 1}',
    "[1 2]",
  ];
  const strings = ['"\\x41"', '"\\u12g4"', '"\\u123"', '"a\nb"', '"a\u0000b"'];
  const broken = [...words, ...texts, ...strings];
  for (const text of broken) {
    t.throws(() => parseJson(text), { instanceOf: JsonError }, JSON.stringify(text));
    t.throws(() => JSON.parse(text), undefined, JSON.stringify(text));
  }
  t.deepEqual(toPlain(parseJson("[NaN,Infinity,-Infinity]")), [NaN, Infinity, -Infinity]);
});

test("of equal keys the last one counts", (t) => {
  t.deepEqual(toPlain(parseJson('{"a":1,"b":2,"a":3}')), { a: 3, b: 2 });
});

test("half a surrogate pair is refused wherever it stands; a whole one is one character", (t) => {
  for (const text of ['"\\ud800"', '"\\udc00"', '{"\\ud83dx":1}', '"\\ude00\\ud83d"']) {
    t.throws(() => parseJson(text), { message: /surrogate/ }, text);
  }
  t.is(parseJson('"\\ud83d\\ude00"'), "\u{1f600}");
});

test("nesting has a limit, so that no frame can exhaust the stack", (t) => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  t.notThrows(() => parseJson(nested(MAX_DEPTH)));
  t.throws(() => parseJson(nested(MAX_DEPTH + 2)), { message: /nested/ });
  t.throws(() => parseJson("[".repeat(1_000_000)), { message: /nested/ });
});

test("an integer has at most as many digits as Python reads", (t) => {
  t.notThrows(() => parseJson("9".repeat(4300)));
  t.throws(() => parseJson("9".repeat(4301)), { message: /digits/ });
});

test("an error says where", (t) => {
  t.throws(() => parseJson('{"tag": x}'), { message: "expected a value at character 9" });
  t.throws(() => parseJson('{"tag": '), { message: "unexpected end at character 9" });
});

test("arbitrary text gives a value or a JsonError, nothing else", (t) => {
  const letters = fc.constantFrom(...Array.from('{}[]":,\\u0d8e+-.tfnNI \n\u0001é\ud83d'));
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 40 }), (text) => {
      try {
        parseJson(text);
      } catch (thrown) {
        if (!(thrown instanceof JsonError)) throw thrown;
      }
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
