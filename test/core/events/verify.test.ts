import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { isObject, parseJson } from "../../../core/events/json.ts";
import { readVerifyKey, signedBytes, type TrustedKeys } from "../../../core/events/signature.ts";
import { MAX_EVENT_BYTES, verifyFrame } from "../../../core/events/verify.ts";

interface Vectors {
  trusted: Record<string, string>;
  cases: { name: string; wire: string; accept: boolean; why: string }[];
}
const vectors = JSON.parse(
  readFileSync("test/fixtures/events/signed-events.json", "utf8"),
) as Vectors;
const keys = new Map(
  Object.entries(vectors.trusted).map(([signer, text]) => [signer, readVerifyKey(text)]),
);
const trusted: TrustedKeys = {
  verifyKeys: (signer) => {
    const known = keys.get(signer);
    return known === undefined ? [] : [known];
  },
};

function wire(name: string): string {
  const found = vectors.cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found.wire;
}

test("all 64 recorded frames get their verdict", (t) => {
  t.is(vectors.cases.length, 64);
  for (const { name, wire: text, accept, why } of vectors.cases) {
    t.is(verifyFrame(Buffer.from(text), trusted).accepted, accept, `${name}: ${why}`);
  }
});

test("an accepted event keeps its text and names its signers", (t) => {
  const text = wire("big-integer/relayed");
  const verdict = verifyFrame(Buffer.from(text), trusted);
  t.like(verdict, { accepted: true, signer: "archive-host" });
  if (!verdict.accepted) return;
  t.deepEqual(verdict.signers, ["archive-host", "lighthouse-main"]);
  t.is(verdict.event.body.toString(), text);
  t.is(verdict.event.tag, "_lk.archive.big-integer");
  t.regex(verdict.event.data.toString(), /-1180591620717411303424/);
});

test("a refusal says why, in words for people and for counters", (t) => {
  const reasons: [string, string, string][] = [
    ["plain/tampered", "wrong-signature", "the signature of archive-host is wrong"],
    ["stranger", "untrusted", "no trusted signer: stranger"],
    ["unknown-algorithm", "untrusted", "no ed25519 signature of archive-host"],
    ["no-signatures", "unsigned", "not signed"],
    ["missing-uuid", "member-missing", "the member uuid is missing"],
    ["not-json", "not-json", "not valid JSON: unexpected end at character 20"],
    ["not-an-object", "not-an-object", "not an object"],
  ];
  for (const [name, code, reason] of reasons) {
    t.like(verifyFrame(Buffer.from(wire(name)), trusted), { accepted: false, code, reason });
  }
});

test("a frame that is too long is not even read", (t) => {
  t.like(verifyFrame(Buffer.alloc(MAX_EVENT_BYTES + 1, "["), trusted), { code: "too-large" });
});

test("bytes that are no UTF-8 count as U+FFFD, as for the peer, and spoil the signature", (t) => {
  const frame = Buffer.from(wire("plain"));
  frame[frame.indexOf("hello")] = 0xff;
  t.like(verifyFrame(frame, trusted), { accepted: false, code: "wrong-signature" });
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(wire("plain"))]);
  t.like(verifyFrame(marked, trusted), { accepted: false, code: "not-json" });
});

test("names in a reason cannot disguise or flood it", (t) => {
  const signer = JSON.stringify(`evil\n\u202e${"x".repeat(5000)}`);
  const text = wire("plain").replace('"archive-host"', signer);
  const verdict = verifyFrame(Buffer.from(text), trusted);
  t.false(verdict.accepted);
  if (verdict.accepted) return;
  t.regex(verdict.reason, /^no trusted signer: evil\ufffd\ufffdx{90,94}$/);
});

const base = vectors.cases.filter((one) => one.accept && !one.name.includes("/"));
const original = new Map(base.map(({ name, wire: text }) => [name, signed(Buffer.from(text))]));

/** The bytes that the signatures of a frame have to cover. */
function signed(frame: Uint8Array): string {
  const object = parseJson(Buffer.from(frame).toString());
  return isObject(object) ? signedBytes(object).toString("latin1") : "";
}

test("no mutation changes what an accepted frame says, and none crashes", (t) => {
  const mutation = fc.record({
    at: fc.nat(2000),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(...Array.from('{}[]":,\\0159e.-')).map((letter) => Buffer.from(letter)),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...base),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      (one, mutations) => {
        let frame = Buffer.from(one.wire);
        for (const { at, remove, insert } of mutations) {
          const place = at % (frame.length + 1);
          frame = Buffer.concat([frame.subarray(0, place), insert, frame.subarray(place + remove)]);
        }
        const verdict = verifyFrame(frame, trusted);
        if (verdict.accepted) t.is(signed(frame), original.get(one.name) ?? "");
      },
    ),
    { numRuns: 4000 },
  );
});

test("arbitrary bytes are refused without a crash", (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => !verifyFrame(bytes, trusted).accepted,
    ),
    { numRuns: 1000 },
  );
  t.pass();
});
