import test from "ava";
import fc from "fast-check";
import { understand } from "../../bot/conversation.ts";
import { splitWords } from "../../bot/words.ts";
import { OperatorError } from "../../core/errors.ts";
import type { Caller, Role } from "../../core/operation/declare.ts";
import { roomEnvironment } from "../support/room.ts";

const { registry } = roomEnvironment();

function caller(role: Role | "none"): Caller {
  return { name: "@anna:example.org", role, origin: "chat", room: "matrix:!ops:example.org" };
}

function lineOf(line: string, role: Role | "none" = "admin"): ReturnType<typeof understand> {
  return understand(registry, caller(role), splitWords(line));
}

test("a line becomes a call with its parameters", (t) => {
  const line = lineOf("role grant operator @ben:example.org --room here");
  t.false("help" in line);
  if ("help" in line) return;
  t.is(line.operation.name, "role grant");
  t.deepEqual(line.parameters, { role: "operator", who: "@ben:example.org", room: "here" });
});

test("an empty line, a group alone and --help ask for help", (t) => {
  t.like(lineOf(""), { operation: registry.operations.get("help"), parameters: {} });
  t.deepEqual(lineOf("role"), { help: ["role"] });
  t.deepEqual(lineOf("role --help"), { help: ["role"] });
  t.deepEqual(lineOf("import --help"), { help: ["import"] });
  t.deepEqual(lineOf("import demo -h"), { help: ["import"] });
});

test("--all is taken from answers that do not know it, and left to those that do", (t) => {
  t.like(lineOf("why mini --all"), { all: true, parameters: { package: "mini" } });
  t.like(lineOf("queue --all"), { all: true, parameters: { all: true } });
  t.throws(() => lineOf("import demo --all"), { message: /--all/ });
});

test("whatever is typed is understood or refused in words", (t) => {
  const known = fc.constantFrom(
    ...[...registry.operations.keys()].flatMap((name) => name.split(" ")),
    ..."--all --dry-run --help -h -- --room --steps --steps=3 --room= here demo @a:b 3 -1".split(
      " ",
    ),
    ..."__proto__ constructor toString --__proto__ --constructor x --no-all -abc ''".split(" "),
  );
  const word = fc.oneof(
    { weight: 3, arbitrary: known },
    fc.string(),
    fc.string({ unit: "binary" }),
  );
  const role = fc.constantFrom("none", "reader", "operator", "admin") as fc.Arbitrary<Role>;
  let understood = 0;
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), role, (words, has) => {
      try {
        const line = lineOf(words.join(" "), has);
        if (!("help" in line)) understood++;
      } catch (thrown) {
        if (!(thrown instanceof OperatorError)) throw thrown;
        t.not(thrown.message, "");
      }
    }),
    { numRuns: 3_000 },
  );
  t.true(understood > 30);
});
