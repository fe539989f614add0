import test from "ava";
import fc from "fast-check";
import { editDistance, nearestNames } from "../../bot/nearest.ts";

const names = ["import", "status", "why", "queue", "cancel", "role grant", "role list", "result"];

const cases: [string, string[]][] = [
  ["imprt", ["import"]],
  ["improt demo", ["import"]],
  ["STATSU", ["status"]],
  ["wyh mini", ["why"]],
  ["who", ["why"]],
  ["wat", []],
  ["hi", []],
  ["role grnt operator", ["role grant"]],
  ["roll list", ["role list"]],
  ["deploy", []],
  ["import", ["import"]],
];
for (const [line, nearest] of cases) {
  test(`${line} is near ${nearest.join() || "nothing"}`, (t) => {
    t.deepEqual(nearestNames(line.split(" "), names), nearest);
  });
}

test("names that are equally near are all named", (t) => {
  t.deepEqual(nearestNames(["mit"], ["mist", "mitt", "mitten"]), ["mist", "mitt"]);
});

test("the distance counts swaps as one, is symmetric and zero only for the same", (t) => {
  t.is(editDistance("improt", "import"), 1);
  t.is(editDistance("kitten", "sitting"), 3);
  t.is(editDistance("", "ab"), 2);
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      t.is(editDistance(a, b), editDistance(b, a));
      t.is(editDistance(a, b) === 0, a === b);
    }),
  );
});
