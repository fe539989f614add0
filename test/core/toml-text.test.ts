import test from "ava";
import fc from "fast-check";
import { getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { tomlText } from "../../core/toml-text.ts";

test("tables, lists of tables and plain values are written as people write them", (t) => {
  t.is(
    tomlText({
      name: "a",
      list: ["x", "y"],
      table: { deep: { yes: true } },
      rows: [{ n: 1, inner: [{ a: "b" }] }, { n: 2 }],
      empty: [],
      "odd key": 'say "hi"\n',
    }),
    `name = "a"
list = ["x", "y"]
empty = []
"odd key" = "say \\"hi\\"\\n"

[table]

[table.deep]
yes = true

[[rows]]
n = 1

[[rows.inner]]
a = "b"

[[rows]]
n = 2
`,
  );
});

test("what is written is read back", (t) => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const value = fc.oneof(text, fc.boolean(), fc.integer(), fc.array(text, { maxLength: 3 }));
  const key = fc
    .oneof(fc.stringMatching(/^[a-z_-]{1,8}$/), fc.string({ minLength: 1, maxLength: 5 }))
    .filter((name) => name !== "__proto__");
  const table = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.oneof(table, fc.array(table, { minLength: 1 }), value), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      (document) => {
        t.deepEqual(getStaticTOMLValue(parseTOML(tomlText(document))) as unknown, document);
      },
    ),
  );
});
