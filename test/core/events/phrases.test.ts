import test from "ava";
import {
  count,
  emailOf,
  line,
  list,
  place,
  quoted,
  see,
  words,
} from "../../../core/events/phrases.ts";

test("a line keeps its pieces apart and leaves out what is empty", (t) => {
  const inner = line`${{ strong: "a" }} and ${"b"}`;
  t.deepEqual(line`${inner}: ${{ code: "c" }}${""}!`, [
    { strong: "a" },
    " and ",
    "b",
    ": ",
    { code: "c" },
    "!",
  ]);
});

test("lists read as prose and end somewhere", (t) => {
  t.is(list([]), "nothing");
  t.is(list(["a"]), "a");
  t.is(list(["a", "b", "c"]), "a, b and c");
  t.regex(list(Array.from({ length: 25 }, (_, index) => `n${index}`)), /, n19 and 5 more$/);
});

test("a place is named by what is known of it", (t) => {
  t.is(place("r", "s"), "r:s");
  t.is(place(undefined, "s"), "s");
  t.is(place("r", null), "r");
  t.is(place(undefined, undefined), "");
});

test("quotes lose outer empty lines and say how much was left out", (t) => {
  t.is(quoted("\n  \n  a\n b \n\n"), "  a\n b");
  t.is(quoted("").length, 0);
  t.regex(quoted("x\n".repeat(23)), /^(x\n){20}… 3 more lines$/);
  t.regex(quoted("x\n".repeat(21)), /… 1 more line$/);
});

test("long words are cut, never through a character", (t) => {
  t.is(words("x".repeat(300)), `${"x".repeat(200)}…`);
  t.is(words(`${"x".repeat(199)}\u{1f600}\u{1f600}`), `${"x".repeat(199)}…`);
});

test("a path cannot climb or leave our pages", (t) => {
  const to = (...path: string[]) => see("x", { web: "https://h" }, path).next?.[0];
  t.deepEqual(to("a", "..", "b/c?d#e"), { link: "x", to: "https://h/a/_/b%2Fc%3Fd%23e" });
  t.deepEqual(see("x", { web: undefined }, ["a"]), {});
});

test("an address is found in a maintainer field", (t) => {
  t.is(emailOf("A B <a@b.c>"), "a@b.c");
  t.is(emailOf("a@b.c"), "a@b.c");
  t.is(emailOf("A B <a@b.c>, C <c@d.e>"), "c@d.e");
  t.is(emailOf("nobody"), undefined);
});

test("one is singular", (t) => {
  t.is(count(1, "issue"), "1 issue");
  t.is(count(0, "issue"), "0 issues");
});
