import test from "ava";
import fc from "fast-check";
import { OperatorError } from "../../../../core/errors.ts";
import { compileExpression } from "../../../../hub/routing/expression/compile.ts";
import { explainExpression } from "../../../../hub/routing/expression/explain.ts";
import { printExpression } from "../../../../hub/routing/expression/expression.ts";
import { parseExpression } from "../../../../hub/routing/expression/parse.ts";
import { factsOf, plainly, rule, table, type Table } from "./rule.ts";

function holds(text: string, event: Table): boolean {
  return compileExpression(parseExpression(text))(factsOf(event));
}

const kernel: Table = {
  tag: ["_lk.archive.package-changed", "archive.package-changed"],
  suite: ["sid", "forky"],
  package: ["linux", "linux-image-amd64"],
  version: ["6.12~rc1-1"],
  "data.count": [10],
  "data.is_new": [true],
  "data.reason": ["it broke, twice (again)"],
};
for (const [text, expected] of [
  ["", true],
  ["suite = sid", true],
  ["suite != sid", false],
  ["suite in (trixie, forky)", true],
  ["package ~ linux-*", true],
  ["package ~ linux-*-arm64", false],
  ["suite = sid and (package ~ linux-* or not version << 2.0)", true],
  ["suite = sid and package = bash or suite = forky", true],
  ["not suite = trixie and NOT (package = bash OR package = zsh)", true],
  ["version << 6.12", true],
  ["version >= 6.12", false],
  ["version >> 6.12~beta", true],
  ["data.count >= 9", true],
  ["data.count = 10.0", true],
  ["data.count >> 10", false],
  ["data.is_new = true", true],
  ['data.reason = "it broke, twice (again)"', true],
  ['data.reason =~ "it (broke|failed).*"', true],
  ["data.reason =~ broke", false],
  ["has data.reason", true],
  ["has maintainer", false],
  ["maintainer = a@b.c", false],
  ["maintainer != a@b.c", true],
  ["tag ~ archive.* and tag = _lk.archive.package-changed", true],
] as const) {
  test(`${text || "nothing"} ${expected ? "holds" : "does not hold"} of the kernel's event`, (t) => {
    t.is(holds(text, kernel), expected);
  });
}

for (const [text, where, what] of [
  ["suite", "at the end", "expected one of ="],
  ["suite = ", "at the end", "expected a value"],
  ["suite = sid and", "at the end", "expected a field"],
  ["(suite = sid", "at the end", "expected )"],
  ["suite = sid)", "at character 12", "expected and, or, or the end"],
  ["suit = sid", "at character 1,", "there is no field suit; one of the event's data is data.suit"],
  ["suite = sid package = x", "at character 13", "expected and, or, or the end"],
  ["package !~ linux-*", "at character 9", "write not before it"],
  ["version < 2.0", "at character 9", "write << or <="],
  ["version << two", "at character 12", "two is no version"],
  ['package =~ "(a"', "at character 12", "the regular expression is wrong: missing closing )"],
  ['package =~ "(a)\\\\1"', "at character 12", "the regular expression is wrong: invalid escape"],
  ["package =~ ((a{1,30}){1,30}){1,30}", "at character 12", "expected a value"],
  ['package =~ "(a{1,30}){1,33}b{1000}"', "at character 12", "the regular expression is too large"],
  ["suite in sid", "at character 10", "expected ( and a list"],
  ["data. = x", "at character 1,", "there is no field data."],
  [`${"(".repeat(40)}suite = sid${")".repeat(40)}`, "at character 32", "deeper than 30"],
  [`suite = ${"x".repeat(2_000)}`, "at character 2001", "longer than 2000"],
  [Array.from({ length: 101 }, () => "has tag").join(" or "), "at character", "more than 100"],
] as const) {
  test(`${text.slice(0, 40)} is refused, saying where`, (t) => {
    const error = t.throws(() => parseExpression(text), { instanceOf: OperatorError });
    t.is(error?.code, "BAD_EXPRESSION");
    t.true(error?.message.includes(where), error?.message);
    t.true(error?.message.includes(what), error?.message);
  });
}

test("100,000 pairs of rule and event are judged as a plain evaluator does", (t) => {
  let pairs = 0;
  let held = 0;
  fc.assert(
    fc.property(rule, fc.array(table, { minLength: 50, maxLength: 50 }), (expression, events) => {
      const ours = compileExpression(parseExpression(printExpression(expression)));
      for (const event of events) {
        const expected = plainly(expression, event);
        const facts = factsOf(event);
        if (ours(facts) !== expected) return false;
        if (explainExpression(expression, facts).matches !== expected) return false;
        pairs += 1;
        held += expected ? 1 : 0;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
  t.true(pairs >= 100_000);
  // Neither nearly always nor nearly never: else it would show little.
  t.true(held > pairs / 10 && held < (pairs * 9) / 10);
});

test("any text is read or refused, and nothing else happens", (t) => {
  const word = fc.constantFrom(
    "suite",
    "=",
    "(",
    ")",
    "and",
    "not",
    "or",
    "~",
    '"',
    "in",
    ",",
    "x",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (typed) => {
      try {
        const expression = parseExpression(typed);
        return (
          printExpression(parseExpression(printExpression(expression))) ===
          printExpression(expression)
        );
      } catch (thrown) {
        return thrown instanceof OperatorError;
      }
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test("no rule looks at an event more often than it has comparisons", (t) => {
  fc.assert(
    fc.property(rule, table, (expression, event) => {
      let steps = 0;
      const facts = factsOf(event);
      compileExpression(expression)({
        ...facts,
        values: (field) => {
          steps += 1;
          return facts.values(field);
        },
      });
      return steps <= printExpression(expression).split(/ and | or /).length;
    }),
  );
  t.pass();
});

test("patterns that take for ever elsewhere end", (t) => {
  const text = `${"a".repeat(4_000)}!`;
  for (const pattern of ["(a+)+", "(a|aa)+", "(a*)*b", "([a-z]+)*$", "(.*)(.*)(.*)(.*)x"]) {
    t.false(holds(`data.text =~ "${pattern}"`, { "data.text": [text] }));
  }
  t.false(
    holds('data.text =~ ".*"', { "data.text": ["a".repeat(5_000)] }),
    "longer than is looked at",
  );
});
