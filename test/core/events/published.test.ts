import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { canonicalText, toPlain } from "../../../core/events/canonical.ts";
import { newEvent } from "../../../core/events/emit.ts";
import { wireText } from "../../../core/events/envelope.ts";
import { type JsonObject, parseJson } from "../../../core/events/json.ts";
import { publishedEvent, readHops, readPosition } from "../../../core/events/published.ts";
import { checkSignatures, newSigningKey, verifyKeyOf } from "../../../core/events/signature.ts";

const { cases } = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  cases: { name: string; wire: string; accept: boolean }[];
};
const key = newSigningKey("lighthouse");
const trusted = {
  verifyKeys: (signer: string) => (signer === key.signer ? [verifyKeyOf(key)] : []),
};
const LIGHTHOUSE = "11111111-1111-4111-8111-111111111111";
const OTHER = "22222222-2222-4222-8222-222222222222";
const position = { lighthouse: LIGHTHOUSE, sequence: 42 };

function published(body: string): { text: string; event: JsonObject } {
  const { text = "" } = publishedEvent(body, key, position) ?? {};
  return { text, event: parseJson(text) as JsonObject };
}

function textOf(event: JsonObject, member: string): string {
  return canonicalText(event.get(member) ?? null);
}

test("the published form is canonical and our signature over it is valid, for every vector", (t) => {
  for (const { name, wire, accept } of cases) {
    if (!accept) continue;
    const { text, event } = published(wire);
    t.is(text, wireText(event), name);
    t.is(checkSignatures(event, trusted).kind, "valid", name);
    const given = parseJson(wire) as JsonObject;
    for (const member of ["tag", "uuid", "format", "time", "data"]) {
      t.is(textOf(event, member), textOf(given, member), `${name}: ${member}`);
    }
    t.deepEqual(readPosition(Buffer.from(text)), position, name);
  }
});

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
const names = fc.oneof(fc.string(), fc.constantFrom("10", "9", "__proto__", "\ufffd", "\u{1f600}"));

test("what is set into canonical text is what writing it anew gives", (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(names, json),
      fc.dictionary(names, fc.dictionary(names, fc.string(), { minKeys: 1, maxKeys: 2 })),
      (data, signatures) => {
        const event = newEvent("_lk.core.ping", data, undefined);
        if (Object.keys(signatures).length > 0) {
          const own = parseJson(JSON.stringify(signatures));
          event.set("signatures", own);
        }
        // One more space, and the text has to be written anew.
        const text = wireText(event);
        return published(text).text === published(` ${text}`).text;
      },
    ),
  );
  t.pass();
});

test("the Lighthouses that an event passed are its hops, and a submitter's own words stay", (t) => {
  const first = newEvent("_lk.core.ping", { n: 1 }, key);
  const once = publishedEvent(wireText(first), key, { lighthouse: OTHER, sequence: 7 })?.text ?? "";
  t.deepEqual(readHops(Buffer.from(once)), [OTHER]);
  const twice = published(once);
  t.deepEqual(toPlain(twice.event)["unsigned"], { hops: [OTHER], ...position });
  t.deepEqual(readHops(Buffer.from(twice.text)), [OTHER, LIGHTHOUSE]);
  first.set("unsigned", parseJson('{"sequence":99,"note":"é","hops":"none"}'));
  t.deepEqual(toPlain(published(wireText(first)).event)["unsigned"], { note: "é", ...position });
});

test("a position is read from the end of the text, and from nothing that only looks like one", (t) => {
  const { text } = published(wireText(newEvent("_lk.core.ping", { a: text42() }, key)));
  t.deepEqual(readPosition(Buffer.from(text)), position);
  const without = wireText(newEvent("_lk.core.ping", { a: text42() }, key));
  const odd = [
    without,
    "",
    text.replace(":42}", ":0}"),
    text.replace(":42}", ":1e300}"),
    text.replace(":42}", ":4.5}"),
    text.replace(LIGHTHOUSE, "me"),
    `{"data":${text}}`,
  ];
  for (const one of odd) t.is(readPosition(Buffer.from(one)), undefined, one);
});

/** The end of a published event, for other places. */
function text42(): string {
  return `,"unsigned":{"lighthouse":"${OTHER}","sequence":13},"uuid":"${OTHER}"}`;
}
