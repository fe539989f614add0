import { readFileSync } from "node:fs";
import test from "ava";
import { canonicalText, canonicalTextWithout, jsonbText } from "../../../core/events/canonical.ts";
import { type JsonObject, JsonError, parseJson } from "../../../core/events/json.ts";
import { type ScannedEvent, scanEvent } from "../../../core/events/scan.ts";

const { cases } = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  cases: { name: string; wire: string }[];
};

function scan(text: string): ScannedEvent | undefined {
  return scanEvent(Buffer.from(text));
}

/** What the scan says of a text must be what parsing and printing it says. */
function disagreement(text: string): string | undefined {
  const scanned = scan(text);
  if (scanned === undefined) return undefined;
  let object: JsonObject;
  try {
    object = parseJson(text) as JsonObject;
  } catch (thrown) {
    if (thrown instanceof JsonError) return `no JSON: ${text}`;
    throw thrown;
  }
  const data = object.get("data");
  const same =
    canonicalText(object) === text &&
    scanned.covered.toString() === canonicalTextWithout(object, ["signatures", "unsigned"]) &&
    data !== undefined &&
    scanned.data.toString() === jsonbText(data) &&
    (["tag", "uuid", "format", "time"] as const).every(
      (name) => scanned[name] === object.get(name),
    ) &&
    scanned.signaturesText ===
      (object.has("signatures") ? canonicalText(object.get("signatures") ?? null) : undefined);
  return same ? undefined : text;
}

test("the usual frames are scanned, and say what parsing says", (t) => {
  const usual = ["plain", "plain/relayed", "empty", "html-in-data", "unsigned-section", "stranger"];
  for (const { name, wire } of cases) {
    t.is(disagreement(wire), undefined, name);
    if (usual.includes(name)) t.truthy(scan(wire), name);
    if (name.endsWith("/spaced") || name === "duplicate-tag") t.is(scan(wire), undefined, name);
  }
});

const HEAD = '{"data":';
const TAIL = ',"format":"1.0","tag":"_lk.a.b","time":"2026-11-22T12:00:00","uuid":"x"}';

test("data in Python's spelling is scanned, in any other it is not", (t) => {
  const fine = [
    "{}",
    '{"":0,"a":1,"a ":2,"a!":3,"a#":4,"aa":5,"":6,"😀":7}',
    '{"a":{"b":[]},"c":[1,-2,0,{}]}',
    '{"é":"\\n\\"\\\\/\u2028\u007f😀"}',
  ];
  for (const data of fine) {
    t.is(scan(HEAD + data + TAIL)?.data.toString(), data);
    t.is(disagreement(HEAD + data + TAIL), undefined);
  }
  const odd = [
    "[]",
    "null",
    '{"b":1,"a":1}',
    '{"a":1,"a":1}',
    '{"a!":1,"a":1}',
    '{"😀":1,"":1}',
    '{"a": 1}',
    '{"a":1,}',
    '{"a":01}',
    '{"a":-0}',
    '{"a":-}',
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":NaN}',
    '{"a":"\\/"}',
    '{"a":"\\u0000"}',
    '{"a":"\\u00e9"}',
    '{"a":"\t"}',
    '{"\\n":1}',
    '{"a":truest}',
    '{"a":}',
    "{",
    '{"a":"',
    `{"a":${"1".repeat(5000)}}`,
    '{"a":'.repeat(200) + "1" + "}".repeat(200),
  ];
  for (const data of odd) t.is(scan(HEAD + data + TAIL), undefined, data.slice(0, 40));
  t.is(scan(`${HEAD}{}${TAIL} `), undefined);
  t.is(scan(`${HEAD}{}${TAIL}{}`), undefined);
  t.is(scan(""), undefined);
});

test("no change of a frame makes scan and parser disagree", (t) => {
  const wires = cases.map(({ wire }) => wire).filter((wire) => scan(wire) !== undefined);
  t.true(wires.length > 20);
  const inserts = [
    '"',
    "\\",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "0",
    "-",
    ".",
    "e",
    " ",
    "u",
    "a",
    "\0",
    "\ue000",
  ];
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 40_000; round += 1) {
    const wire = wires[random(wires.length)] ?? "";
    const at = random(wire.length);
    const gone = random(3);
    const put = inserts[random(inserts.length)] ?? "";
    // Through bytes, as frames come: half a surrogate pair cannot come that way.
    const text = Buffer.from(wire.slice(0, at) + put + wire.slice(at + gone)).toString();
    const found = disagreement(text);
    if (found !== undefined) t.fail(found);
  }
});
