import test from "ava";
import {
  architectures,
  count,
  emailOf,
  line,
  list,
  moment,
  place,
  quoted,
  reason,
  toDo,
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

test("quotes lose outer empty lines", (t) => {
  t.is(quoted("\n  \n  a\n b \n\n"), "  a\n b");
  t.is(quoted("").length, 0);
});

test("a moment is read in UTC, whatever its zone; what is none says nothing", (t) => {
  t.deepEqual(moment("2026-11-22T10:11:12"), ["2026-11-22 10:11 UTC"]);
  t.deepEqual(moment("2026-11-22 10:11:12.5+02:00"), ["2026-11-22 08:11 UTC"]);
  t.deepEqual(moment("2026-11-22T10:11:12Z"), ["2026-11-22 10:11 UTC"]);
  for (const text of ["", "yesterday", "2026-13-01T00:00:00", null, undefined]) {
    t.is(moment(text), undefined);
  }
});

test("a reason tells why in its first line; the rest is proof", (t) => {
  t.deepEqual(reason("wrong\n\nline 1\nline 2\n"), { why: ["wrong"], quote: "line 1\nline 2" });
  t.deepEqual(reason("wrong"), { why: ["wrong"] });
  t.is(reason(" \n"), undefined);
});

test("lists follow the language", (t) => {
  t.is(list(["a", "b", "c"], "de"), "a, b und c");
  const many = Array.from({ length: 12 }, (_, index) => `a${index}`);
  t.deepEqual(architectures(many, "de").at(-1), "2 weitere");
});

test("long words are cut, never through a character", (t) => {
  t.is(words("x".repeat(300)), `${"x".repeat(200)}…`);
  t.is(words(`${"x".repeat(199)}\u{1f600}\u{1f600}`), `${"x".repeat(199)}…`);
});

test("a path cannot climb or leave our pages", (t) => {
  const page = { label: ["x"], path: ["a", "..", "b/c?d#e"] };
  const { next } = toDo({ web: "https://h" }, [], page);
  t.deepEqual(next, [{ link: "x", to: "https://h/a/_/b%2Fc%3Fd%23e" }]);
  t.deepEqual(toDo({ web: undefined }, [], page), {});
});

test("a command is offered only when a shell would read its words as they are", (t) => {
  const typed = (...command: string[]) => toDo({ web: undefined }, command).next;
  t.deepEqual(typed("diff", "sid", "--run", "3"), [{ code: "diff sid --run 3" }]);
  for (const name of ["x; rm -rf ~", "$(id)", "-x", "a b", "`id`", "", "../x", "a\nb", "x'"]) {
    t.is(typed("why", name), undefined, name);
  }
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
