import test from "ava";
import fc from "fast-check";
import { splitWords } from "../../bot/words.ts";
import { OperatorError } from "../../core/errors.ts";

test("words are split as a shell would, without its tricks", (t) => {
  t.deepEqual(splitWords("  import   bookworm "), ["import", "bookworm"]);
  t.deepEqual(splitWords(`lock "two words" 'a "b"' ""`), ["lock", "two words", 'a "b"', ""]);
  t.deepEqual(splitWords(`a$HOME b\\c *`), ["a$HOME", "b\\c", "*"]);
  t.deepEqual(splitWords(`say "one\ntwo"`), ["say", "one\ntwo"]);
  t.deepEqual(splitWords(""), []);
});

test("a dash that a phone made of two hyphens is two hyphens", (t) => {
  t.deepEqual(splitWords("import —dry-run –all — a–b"), [
    "import",
    "--dry-run",
    "--all",
    "—",
    "a–b",
  ]);
});

test("a quote without end is named", (t) => {
  const error = t.throws(() => splitWords(`why "mini and more`), { instanceOf: OperatorError });
  t.is(error?.code, "UNTERMINATED_QUOTE");
  t.regex(error?.message ?? "", /begins at "mini and more has no end/);
  t.regex(error?.hint ?? "", /another "/);
  t.throws(() => splitWords("it's so"), { message: /'s so/ });
});

test("several commands in one message are refused", (t) => {
  const error = t.throws(() => splitWords("import a\nimport b"), { instanceOf: OperatorError });
  t.is(error?.code, "SEVERAL_LINES");
});

test("whatever is typed is split or refused in words", (t) => {
  const unit = fc.constantFrom(...Array.from("ab \"'\n\t—-\\$"));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit }), fc.string({ unit: "binary" })), (line) => {
      try {
        t.true(Array.isArray(splitWords(line)));
      } catch (thrown) {
        t.true(thrown instanceof OperatorError);
      }
    }),
    { numRuns: 2_000 },
  );
});
