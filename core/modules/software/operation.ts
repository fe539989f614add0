import { z } from "zod";
import type { Localised } from "../../debian/dep11.ts";
import type { Message } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";
import { plainText } from "./plain-text.ts";
import { searchSoftware, type SoftwareComponent, softwareNamed } from "./read.ts";

/** More than this are listed, not described. */
const MOST_DESCRIBED = 3;

export const software = declareOperation({
  name: "software",
  summary: "applications and other software by id, package or words",
  description:
    "Shows the software components with this id or of this package; when there are none, those " +
    "that have all the words in their name, summary, keywords, id or package.",
  examples: ["software gimp", "software text editor --suite bookworm --language de"],
  parameters: z.object({
    words: z.array(z.string().min(1).max(200)).min(1).max(20).meta({
      description: "an id, a package, or words",
      positional: true,
    }),
    suite: z.string().min(1).optional().meta({
      description: "only in this suite",
      complete: "suite",
    }),
    language: z.string().min(1).max(20).default("C").meta({
      description: "language of names and texts, where the suite has it",
    }),
    limit: z.int().min(1).max(500).default(50).meta({ description: "components at most" }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { words, suite, language, limit }) {
    const [only] = words;
    const named = only === undefined || words.length > 1 ? [] : await softwareNamed(only, suite);
    const found = named.length > 0 ? named : await searchSoftware(words, limit, suite);
    return {
      messages:
        found.length === 0
          ? [nothing(words)]
          : found.length <= MOST_DESCRIBED
            ? found.map((one) => described(one, language))
            : [listed(found, language)],
      data: found,
    };
  },
});

function nothing(words: string[]): Message {
  return {
    tone: "attention",
    headline: ["No software is found for ", { strong: words.join(" ") }, "."],
    next: ["Only suites with dep11 = true have software; import them after switching it on."],
  };
}

function listed(found: SoftwareComponent[], language: string): Message {
  return {
    tone: "neutral",
    headline: [`${found.length} software components`],
    table: {
      columns: ["suite", "name", "package", "id", "summary"],
      rows: found.map((one) => [
        `${one.repository}:${one.suite}`,
        text(one.name, language),
        one.package ?? "",
        one.id,
        text(one.summary, language),
      ]),
    },
  };
}

function described(one: SoftwareComponent, language: string): Message {
  const facts: [string, string | null][] = [
    ["Id", one.id],
    ["Global id", one.globalIds.join(", ")],
    ["Type", one.type],
    ["Package", one.package],
    ["Architectures", one.architectures.join(" ")],
    ["Developer", one.developer],
    ["Licence", one.license],
    ["Homepage", one.homepage],
    ["Categories", one.categories.join(", ")],
    ["Icon", one.icons.cached.map((icon) => `${icon.width}x${icon.height}`).join(", ")],
    ...one.screenshots.flatMap((shot): [string, string][] =>
      shot.source === undefined ? [] : [["Screenshot", shot.source.url]],
    ),
  ];
  const rows = facts.filter((fact): fact is [string, string] => (fact[1] ?? "") !== "");
  const description = plainText(text(one.description, language));
  return {
    tone: "neutral",
    headline: [
      { strong: text(one.name, language) },
      ` in ${one.repository}:${one.suite} (${one.component}): ${text(one.summary, language)}`,
    ],
    ...(description === "" ? {} : { quote: description }),
    table: { columns: ["what", "value"], rows },
  };
}

/** In the language, else as it was written. */
export function text(texts: Localised, language: string): string {
  return texts[language] ?? texts["C"] ?? "";
}
