import test from "ava";
import { commandIn, namesOf } from "../../bot/addressing.ts";

const names = namesOf("@laniakea:example.org");

const shared: [string, string | undefined][] = [
  ["!lk import bookworm", "import bookworm"],
  ["!LK  status ", "status"],
  ["!lk", ""],
  ["!lk: status", "status"],
  ["lk: status", "status"],
  ["lk, status", "status"],
  ["laniakea: status", "status"],
  ["Laniakea, status", "status"],
  ["@laniakea status", "status"],
  ["@laniakea: status", "status"],
  ["@laniakea:example.org status", "status"],
  ["@laniakea:example.org: status", "status"],
  ["@laniakea", ""],
  ["!lkx status", undefined],
  ["lk status", undefined],
  ["laniakea is slow today", undefined],
  ["@laniakea:elsewhere.org status", undefined],
  ["@laniakeabot status", undefined],
  ["thanks @laniakea", undefined],
  ["say !lk status", undefined],
  ["> !lk status", undefined],
  ["status", undefined],
  ["", undefined],
];
for (const [body, command] of shared) {
  test(`in a room with others: ${JSON.stringify(body)}`, (t) => {
    t.is(commandIn(body, names, false), command);
  });
}

test("where nobody else listens every line is meant, with or without a name", (t) => {
  t.is(commandIn("status", names, true), "status");
  t.is(commandIn("!lk status", names, true), "status");
  t.is(commandIn("lk: status", names, true), "status");
  t.is(commandIn("laniakea is slow", names, true), "laniakea is slow");
  t.is(commandIn("  \n", names, true), undefined);
});

test("without an account it has no name but lk", (t) => {
  t.deepEqual(namesOf(""), []);
  t.is(commandIn("@ status", namesOf(""), false), undefined);
  t.is(commandIn("!lk status", namesOf(""), false), "status");
});
