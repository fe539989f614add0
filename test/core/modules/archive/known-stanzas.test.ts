import { createHash } from "node:crypto";
import test from "ava";
import { createKnownStanzas } from "../../../../core/modules/archive/known-stanzas.ts";

function hashOf(number: number): Buffer {
  return createHash("sha256").update(String(number)).digest().subarray(0, 8);
}

function entry(number: number, id: number): Buffer {
  const bytes = Buffer.alloc(16);
  hashOf(number).copy(bytes);
  bytes.writeBigInt64BE(BigInt(id), 8);
  return bytes;
}

test("what is taken is what was put in, each once, and the rest is left", (t) => {
  const numbers = Array.from({ length: 5_000 }, (_, number) => number);
  const idOf = (number: number): number => 2 ** 40 + number;
  const known = createKnownStanzas(
    Buffer.concat(numbers.map((number) => entry(number, idOf(number)))),
  );
  t.is(known.size(), 5_000);
  const even = numbers.filter((number) => number % 2 === 0);
  for (const number of even) t.true(known.take(hashOf(number).toString("latin1")));
  for (const number of even) t.false(known.take(hashOf(number).toString("latin1")));
  for (let other = 5_000; other < 10_000; other++) {
    t.false(known.take(hashOf(other).toString("latin1")));
  }
  t.is(known.size(), 2_500);
  const odd = numbers.filter((number) => number % 2 === 1);
  t.deepEqual(
    known.left().toSorted((a, b) => a - b),
    odd.map(idOf),
  );
});

test("hashes that want the same place are kept apart", (t) => {
  const entries = ["aaaaSAME", "bbbbSAME", "ccccSAME"].map((hash, place) => {
    const bytes = Buffer.alloc(16);
    bytes.write(hash, "latin1");
    bytes.writeBigInt64BE(BigInt(place + 1), 8);
    return bytes;
  });
  const known = createKnownStanzas(Buffer.concat(entries));
  t.true(known.take("aaaaSAME"));
  t.true(known.take("ccccSAME"));
  t.false(known.take("ddddSAME"));
  t.deepEqual(known.left(), [2]);
});

test("an index that was never stored knows nothing", (t) => {
  const known = createKnownStanzas(Buffer.alloc(0));
  t.is(known.size(), 0);
  t.false(known.take("abcdefgh"));
  t.deepEqual(known.left(), []);
});
