import { readdirSync } from "node:fs";
import test from "ava";
import { IntlMessageFormat } from "intl-messageformat";
import { LANGUAGES } from "../../../core/language/language.ts";
import { type Sentences, sentences } from "../../../core/language/sentences.ts";
import { plainLine } from "../../../core/message.ts";

/** All sentences of the tree: every file named `words.ts` or `…-words.ts` declares some. */
async function declared(): Promise<[name: string, set: Sentences][]> {
  const files = ["core", "hub", "bot"].flatMap((folder) =>
    readdirSync(`dist/${folder}`, { recursive: true, encoding: "utf8" })
      .filter((name) => /(^|[/-])words\.js$/.test(name))
      .map((name) => `${process.cwd()}/dist/${folder}/${name}`),
  );
  const modules = await Promise.all(
    files.map((file) => import(file) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.entries(module).filter((entry): entry is [string, Sentences] => {
      const value = entry[1];
      return typeof value === "object" && value !== null && "texts" in value;
    }),
  );
}

interface Node {
  type: number;
  value?: string;
  options?: Record<string, { value: Node[] }>;
  children?: Node[];
}

/** Placeholders, tags and the choices that programs make; how numbers inflect is the language's. */
function shape(nodes: Node[]): string[] {
  const found = nodes.flatMap((node) => {
    const options = Object.entries(node.options ?? {});
    const inner = [...options.flatMap(([, option]) => option.value), ...(node.children ?? [])];
    if (node.type === 0 || node.type === 7) return [];
    const choices = node.type === 5 ? options.map(([name]) => `${node.value}=${name}`) : [];
    return [`${node.type}:${node.value}`, ...choices, ...shape(inner)];
  });
  return [...new Set(found)].toSorted();
}

test("every sentence is there in every language, with the same placeholders", async (t) => {
  const sets = await declared();
  t.true(sets.length >= 10);
  for (const [name, { texts }] of sets) {
    for (const language of LANGUAGES) {
      t.deepEqual(Object.keys(texts[language]).toSorted(), Object.keys(texts.en).toSorted(), name);
      for (const [id, text] of Object.entries(texts[language])) {
        const read = (one: string) => shape(new IntlMessageFormat(one, language).getAst());
        t.deepEqual(read(text), read(texts.en[id] ?? ""), `${name}.${id} in ${language}`);
        t.is(text, text.trim() === "" ? text : text.replace(/ {2,}/g, " "), `${name}.${id}`);
      }
    }
  }
});

test("numbers and plurals follow the language", (t) => {
  const words = sentences({
    en: { found: "{count, plural, one {# package} other {# packages}} found" },
    de: { found: "{count, plural, one {# Paket} other {# Pakete}} gefunden" },
  });
  t.is(plainLine(words.in("en")("found", { count: 1 })), "1 package found");
  t.is(plainLine(words.in(undefined)("found", { count: 34335 })), "34,335 packages found");
  t.is(plainLine(words.in("de")("found", { count: 34335 })), "34.335 Pakete gefunden");
});

test("data in a sentence stays data: no placeholder, no tag, no choice", (t) => {
  const words = sentences({
    en: { says: "{who} <v>says</v>: {what}" },
    de: { says: "{who}{what}" },
  });
  const what = "{who} <v>x</v> '{' {n, plural, one {#} other {#}}";
  t.deepEqual(words.in("en")("says", { who: { strong: "<v>" }, what }), [
    { strong: "<v>" },
    " ",
    { verdict: "says" },
    `: ${what}`,
  ]);
});
