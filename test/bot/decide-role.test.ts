import test from "ava";
import fc from "fast-check";
import { decideRole, type Grant, matchesGlob } from "../../bot/decide-role.ts";
import { type Role, ROLES } from "../../core/operation/declare.ts";

const ANNA = "@anna:example.org";
const ROOM = "matrix:!ops:example.org";

function grant(role: string, rest: Partial<Grant> = {}): Grant {
  return { principal: ANNA, room: "*", denied: false, ...rest, role };
}

const given = [undefined, "reader", "operator", "admin", "emperor"] as const;

/** The decision once more, by rule instead of by rank. */
function expected(granted: string | undefined, denied: string | undefined): Role | "none" {
  const has = ROLES.find((role) => role === granted) ?? "none";
  if (denied === undefined || has === "none") return has;
  if (denied === "reader" || denied === "emperor") return "none";
  if (denied === "operator") return "reader";
  return has === "admin" ? "operator" : has;
}

for (const granted of given) {
  for (const denied of given) {
    test(`granted ${granted ?? "nothing"}, denied ${denied ?? "nothing"}`, (t) => {
      const grants = [
        ...(granted === undefined ? [] : [grant(granted)]),
        ...(denied === undefined ? [] : [grant(denied, { denied: true })]),
      ];
      t.is(decideRole(grants, ANNA, ROOM), expected(granted, denied));
      t.is(decideRole(grants.toReversed(), ANNA, ROOM), expected(granted, denied));
      t.is(decideRole(grants, "@ben:example.org", ROOM), "none");
    });
  }
}

test("nothing found is no role", (t) => {
  t.is(decideRole([], ANNA, ROOM), "none");
});

test("grants add up to the highest, denials to the strictest", (t) => {
  const grants = [grant("reader"), grant("admin"), grant("operator")];
  t.is(decideRole(grants, ANNA, ROOM), "admin");
  const denials = [grant("admin", { denied: true }), grant("operator", { denied: true })];
  t.is(decideRole([...grants, ...denials], ANNA, ROOM), "reader");
});

test("a grant and a denial hold where they say and nowhere else", (t) => {
  const here = [grant("operator", { room: ROOM })];
  t.is(decideRole(here, ANNA, ROOM), "operator");
  t.is(decideRole(here, ANNA, "matrix:!other:example.org"), "none");
  t.is(decideRole(here, ANNA, "room:local"), "none");
  const denied = [grant("admin"), grant("operator", { room: ROOM, denied: true })];
  t.is(decideRole(denied, ANNA, ROOM), "reader");
  t.is(decideRole(denied, ANNA, "room:local"), "admin");
});

test("whole servers and kinds of rooms are named by patterns", (t) => {
  const grants = [grant("reader", { principal: "*:example.org", room: "matrix:*" })];
  t.is(decideRole(grants, "@zoe:example.org", ROOM), "reader");
  t.is(decideRole(grants, "@zoe:example.org", "room:local"), "none");
  t.is(decideRole(grants, "@zoe:example.org.evil.net", ROOM), "none");
  t.is(decideRole(grants, "@zoe:exampleXorg", ROOM), "none");
});

test("a denial of one person beats the grant of a whole server, and the other way round", (t) => {
  const server = { principal: "*:example.org" };
  t.is(decideRole([grant("admin", server), grant("reader", { denied: true })], ANNA, ROOM), "none");
  t.is(
    decideRole([grant("admin"), grant("admin", { ...server, denied: true })], ANNA, ROOM),
    "operator",
  );
});

test("what means something in paths and patterns elsewhere is only text", (t) => {
  const pairs: [string, string, boolean][] = [
    ["!ops:x", "!ops:x", true],
    ["!ops:x", "anything", false],
    ["@a:[::1]:8448", "@a:[::1]:8448", true],
    ["@a:[::1]:8448", "@a:::8448", false],
    ["@a*:evil.org", "@a/../b:evil.org", true],
    ["@a*:evil.org", "@a\n:evil.org", true],
    ["*", ".", true],
    ["*", "", true],
    ["@{a,b}:x", "@a:x", false],
    ["@a+:x", "@aa:x", false],
    ["@a?:x", "@a/:x", true],
    ["@a?:x", "@a:x", false],
    ["@a:x", "@a:xy", false],
    ["@a:x", "b@a:x", false],
  ];
  for (const [pattern, text, is] of pairs) {
    t.is(matchesGlob(pattern, text), is, `${pattern} on ${text}`);
  }
});

/** Matching by definition: a star is any number of characters, a question mark is one. */
function matches(pattern: string[], text: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === "*") {
    return matches(rest, text) || (text.length > 0 && matches(pattern, text.slice(1)));
  }
  return text.length > 0 && (first === "?" || first === text[0]) && matches(rest, text.slice(1));
}

test("patterns match by their definition", (t) => {
  const unit = fc.constantFrom(...Array.from("ab*?!@:/.[](){}+^$|\\,-~# \n😀"));
  const text = fc.string({ unit, maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, subject) => {
      t.is(matchesGlob(pattern, subject), matches(Array.from(pattern), Array.from(subject)));
    }),
    { numRuns: 5_000 },
  );
});

test("adding a denial never gives anybody more", (t) => {
  const one = fc.record({
    principal: fc.constantFrom("*", ANNA, "*:example.org", "@ben:example.org"),
    role: fc.constantFrom(...ROLES, "emperor"),
    room: fc.constantFrom("*", ROOM, "matrix:*", "room:local"),
    denied: fc.boolean(),
  });
  const ranks = ["none", ...ROLES];
  fc.assert(
    fc.property(fc.array(one, { maxLength: 6 }), one, (grants, extra) => {
      const before = ranks.indexOf(decideRole(grants, ANNA, ROOM));
      const denied = decideRole([...grants, { ...extra, denied: true }], ANNA, ROOM);
      const granted = decideRole([...grants, { ...extra, denied: false }], ANNA, ROOM);
      t.true(ranks.indexOf(denied) <= before);
      t.true(ranks.indexOf(granted) >= before);
    }),
  );
});
