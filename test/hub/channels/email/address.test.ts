import test from "ava";
import { canonicalAddress, parseMailbox } from "../../../../hub/channels/email/address.ts";

for (const [text, canonical] of [
  ["anna@Example.ORG", "anna@example.org"],
  ["Anna+tag@example.org", "Anna+tag@example.org"],
  ["laniakea@localhost", "laniakea@localhost"],
  [" anna@example.org ", "anna@example.org"],
] as const) {
  test(`${JSON.stringify(text)} is an address`, (t) => {
    t.is(canonicalAddress(text), canonical);
  });
}

for (const text of [
  "",
  "anna",
  "@example.org",
  "anna@",
  "anna@@example.org",
  "anna@example..org",
  ".anna@example.org",
  "anna@-example.org",
  "anna@example.org\r\nBcc: eve@example.org",
  "anna@example.org\n",
  "anna@exa\0mple.org",
  "anna@example.org, eve@example.org",
  "anna eve@example.org",
  "<anna@example.org>",
  '"a b"@example.org',
  "anna\u202e@example.org",
  "änna@example.org",
  `${"a".repeat(65)}@example.org`,
  `anna@${"a.".repeat(130)}org`,
]) {
  // A trailing line end is trimmed away; all else is refused.
  const expected = text.trim() === "anna@example.org" ? "anna@example.org" : undefined;
  test(`${JSON.stringify(text.slice(0, 60))} is ${expected ?? "no address"}`, (t) => {
    t.is(canonicalAddress(text), expected);
  });
}

test("a sender has a name or not", (t) => {
  t.deepEqual(parseMailbox("Laniakea <l@example.org>"), {
    name: "Laniakea",
    address: "l@example.org",
  });
  t.deepEqual(parseMailbox('"Team, all" <l@example.org>'), {
    name: "Team, all",
    address: "l@example.org",
  });
  t.deepEqual(parseMailbox("l@example.org"), { name: "", address: "l@example.org" });
  for (const bad of ["", "Laniakea", "Laniakea <>", "A\r\nBcc: x <l@example.org>"]) {
    t.is(parseMailbox(bad), undefined, bad);
  }
});
