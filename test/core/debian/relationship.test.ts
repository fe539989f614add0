import test from "ava";
import fc from "fast-check";
import {
  type PackageRelation,
  parseRelationship,
  printRelationship,
  type Restriction,
  VERSION_OPERATORS,
} from "../../../core/debian/relationship.ts";
import {
  providesMatches,
  reduceRelationship,
  relationApplies,
  relationMatches,
} from "../../../core/debian/relationship-match.ts";

function relationOf(text: string): PackageRelation {
  const [one] = parseRelationship(text).flat();
  if (one === undefined) throw new Error(`no relation in ${text}`);
  return one;
}

test("a relation is read with everything that may stand behind its name", (t) => {
  const relation = relationOf(
    "libfoo-dev:native (>= 1:2.0~rc1-3+b1) [!i386 !any-arm] <!nocheck !cross> <stage1>",
  );
  t.deepEqual(relation, {
    name: "libfoo-dev",
    qualifier: "native",
    version: { operator: ">=", version: "1:2.0~rc1-3+b1" },
    architectures: [
      { name: "i386", negated: true },
      { name: "any-arm", negated: true },
    ],
    profiles: [
      [
        { name: "nocheck", negated: true },
        { name: "cross", negated: true },
      ],
      [{ name: "stage1", negated: false }],
    ],
  });
});

test("commas separate, bars offer alternatives, and layout does not matter", (t) => {
  const groups = parseRelationship("debhelper-compat(=13),\n perl:any|perl-base  |\tmini ,\n");
  t.is(printRelationship(groups), "debhelper-compat (= 13), perl:any | perl-base | mini");
  t.deepEqual(parseRelationship(" \n"), []);
});

test("lone < and > are the obsolete spelling of or-equal", (t) => {
  t.is(printRelationship(parseRelationship("a0 (< 1), b0 (>2)")), "a0 (<= 1), b0 (>= 2)");
});

for (const text of [
  "a0 |",
  "| a0",
  "A0",
  "a0 (1.0)",
  "a0 (>= )",
  "a0 (=> 1)",
  "a0 (>= 1 2)",
  "a0 (>= 1-)",
  "a0 (>= 1) (<< 2)",
  "a0 [i386 !amd64]",
  "a0 []",
  "a0 <>",
  "a0 <a <b>>",
  "a0 <x> [amd64]",
  "a0: (= 1)",
  "a0 b0",
  "${shlibs:Depends}",
]) {
  test(`${JSON.stringify(text)} is refused and quoted`, (t) => {
    const error = t.throws(() => parseRelationship(`ok0, ${text}`), {
      code: "MALFORMED_RELATIONSHIP",
    } as never);
    t.regex(error?.message ?? "", /^The relationship "/);
  });
}

const word = fc.stringMatching(/^[a-z][a-z0-9+.-]{1,8}$/);
const restrictions = (negated: boolean): fc.Arbitrary<{ name: string; negated: boolean }[]> =>
  fc.array(
    fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/), negated: fc.constant(negated) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
const NONE = fc.constant<Restriction[]>([]);
const relation: fc.Arbitrary<PackageRelation> = fc.record({
  name: word,
  qualifier: fc.option(fc.constantFrom("any", "native", "amd64"), { nil: undefined }),
  version: fc.option(
    fc.record({
      operator: fc.constantFrom(...VERSION_OPERATORS),
      version: fc.stringMatching(/^([0-9]:)?[0-9][a-z0-9.+~]{0,6}(-[a-z0-9+.~]{1,3})?$/),
    }),
    { nil: undefined },
  ),
  architectures: fc.oneof(restrictions(true), restrictions(false), NONE),
  profiles: fc.array(fc.oneof(restrictions(true), restrictions(false)), { maxLength: 2 }),
});

test("what is printed is read back the same", (t) => {
  const groups = fc.array(fc.array(relation, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(groups, (all) => {
      t.deepEqual(parseRelationship(printRelationship(all)), all);
    }),
    { numRuns: 200 },
  );
});

test("a virtual package without a version answers no relation with one", (t) => {
  const wanted = relationOf("mta (>= 1)");
  const bare = relationOf("mta");
  t.false(providesMatches(wanted, bare));
  t.true(providesMatches(wanted, relationOf("mta (= 2)")));
  t.true(providesMatches(bare, bare));
  t.true(relationMatches(wanted, { name: "mta", version: "1:0" }));
  t.false(relationMatches(wanted, { name: "mta", version: "1~rc1" }));
});

test("brackets and profiles decide whether a relation stands", (t) => {
  const cases: [string, string, string[], boolean][] = [
    ["a0", "amd64", [], true],
    ["a0 [amd64 arm64]", "arm64", [], true],
    ["a0 [!amd64]", "amd64", [], false],
    ["a0 [linux-any]", "hurd-i386", [], false],
    ["a0 <!nocheck>", "amd64", ["nocheck"], false],
    ["a0 <!nocheck> <cross>", "amd64", ["nocheck", "cross"], true],
    ["a0 <!nocheck !cross>", "amd64", [], true],
    ["a0 <stage1>", "amd64", [], false],
  ];
  for (const [text, architecture, profiles, applies] of cases) {
    t.is(relationApplies(relationOf(text), { architecture, profiles }), applies, text);
  }
  const reduced = reduceRelationship(parseRelationship("a0 [i386] | b0, c0 [i386], d0"), {
    architecture: "amd64",
  });
  t.is(printRelationship(reduced), "b0, d0");
});
