import test from "ava";
import fc from "fast-check";
import { Glob, matchesGlob } from "../../../hub/routing/glob.ts";

for (const [glob, text, matches] of [
  ["bash", "bash", true],
  ["bash", "bash-completion", false],
  ["linux-*", "linux-image-amd64", true],
  ["linux-*", "linux", false],
  ["*", "anything/at all", true],
  ["g++", "g++", true],
  ["libstdc++*", "libstdc++6", true],
  ["lib*++", "libsigc++", true],
  ["g++*", "g+", false],
  ["g++*", "g++-14", true],
  ["lib?a", "liba", false],
  ["lib?a", "libxa", true],
  ["gcc-[0-9]*", "gcc-14", true],
  ["gcc-[0-9]*", "gcc-defaults", false],
  ["gcc-[!0-9]*", "gcc-defaults", true],
  ["gcc-[!0-9]*", "gcc-14", false],
  ["_lk.archive.*", "_lk.archive.package-src-removed", true],
  ["_lk.archive.*", "_lkxarchive.package", false],
  ["stable*", "stable/updates", true],
  ["a.b", "axb", false],
  ["~*", "~team", true],
  ["!x*", "!xy", true],
  ["[ab]+", "aa", false],
  ["Bash", "bash", false],
  [".*", ".", true],
  ["*", "..", true],
  ["[z-a]*", "z", false],
  ["[]x", "[]x", true],
  ["*a*a*a*a*a*b", "a".repeat(5_000), false],
] as const) {
  test(`${glob} ${matches ? "matches" : "does not match"} ${text.slice(0, 40)}`, (t) => {
    t.is(matchesGlob(glob, text), matches);
  });
}

for (const bad of ["", "a b", "(a+)+", "a{1,9}", "a|b", "$x", "a\\b", "x".repeat(201)]) {
  test(`${JSON.stringify(bad.slice(0, 20))} is no pattern`, (t) => {
    t.false(Glob.safeParse(bad).success);
  });
}

test("a pattern that never passed the door matches only itself", (t) => {
  t.false(matchesGlob("(a+)+[a]*", "aaaa"));
});

test("plain names match only themselves", (t) => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,30}$/);
  fc.assert(fc.property(name, name, (a, b) => matchesGlob(a, b) === (a === b)));
  t.pass();
});

test("patterns with stars agree with a plain evaluator", (t) => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "+", "."), minLength: 1, maxLength: 8 });
  const glob = fc
    .string({ unit: fc.constantFrom("a", "b", "+", ".", "*"), minLength: 1, maxLength: 8 })
    .filter((one) => Glob.safeParse(one).success);
  function plain(pattern: string, rest: string): boolean {
    if (pattern === "") return rest === "";
    if (pattern[0] !== "*") return pattern[0] === rest[0] && plain(pattern.slice(1), rest.slice(1));
    return Array.from({ length: rest.length + 1 }, (_, i) => rest.slice(i)).some((tail) =>
      plain(pattern.slice(1), tail),
    );
  }
  fc.assert(
    fc.property(
      glob,
      text,
      (pattern, value) => matchesGlob(pattern, value) === plain(pattern, value),
    ),
    { numRuns: 2000 },
  );
  t.pass();
});
