import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { type ExpectedBinary, parsePackageList } from "../../debian/package-list.ts";
import { printRelation } from "../../debian/relationship.ts";
import { OperatorError } from "../../errors.ts";
import type { Inline, Message, Table } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";
import { type BinaryPage, binaryPage, type SourcePage, sourcePage } from "./package-page.ts";
import { packageVersions } from "./read.ts";

/** Details of more suites than this are a flood; others are asked for by name. */
const MOST_SUITES = 3;

export const show = declareOperation({
  name: "show",
  summary: "a source or binary package as its suites describe it",
  description:
    "Description, relationships, files and, of a source package, the binaries it is expected to " +
    "build. Without a suite it shows the package in the first three that have it. Descriptions " +
    "come in the language asked for where the suite has its translation.",
  examples: ["show mini", "show bash --suite bookworm --language de"],
  parameters: z.object({
    package: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta({ description: "source or binary package", positional: true, complete: "package" }),
    suite: z.string().min(1).optional().meta({
      description: "only as it is in this suite",
      complete: "suite",
    }),
    repository: z.string().min(1).optional().meta({
      description: "only as it is in this repository",
      complete: "repository",
    }),
    language: z.string().min(2).max(20).default("en").meta({
      description: "language of the description",
    }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { package: name, suite, repository, language }) {
    const places = await placesOf(name, suite, repository);
    if (places.length === 0) throw unknownPackage(name, suite);
    const shown = places.slice(0, MOST_SUITES);
    const messages: Message[] = [];
    const data: object[] = [];
    for (const place of shown) {
      const source = await sourcePage({ name, ...place });
      const binary = await binaryPage({ name, ...place });
      const expected = source === undefined ? [] : expectedOf(source);
      if (source !== undefined) {
        messages.push(sourceMessage(source, expected));
        data.push({ kind: "source", ...source, expected });
      }
      if (binary !== undefined) {
        messages.push(...binary.entries.map((entry) => binaryMessage(binary, entry, language)));
        data.push({ kind: "binary", ...binary });
      }
    }
    const rest = places.slice(MOST_SUITES).map((place) => place.suite);
    if (rest.length > 0) {
      messages.push({
        tone: "neutral",
        headline: [`It is in ${rest.join(", ")} as well.`],
        next: [{ code: `show ${name} --suite ${rest[0] ?? ""}` }],
      });
    }
    return { messages, data };
  },
});

interface Place {
  repository: string;
  suite: string;
}

async function placesOf(
  name: string,
  suite: string | undefined,
  repository: string | undefined,
): Promise<Place[]> {
  const places: Place[] = [];
  for (const version of await packageVersions(name)) {
    if (suite !== undefined && version.suite !== suite) continue;
    if (repository !== undefined && version.repository !== repository) continue;
    const known = places.some(
      (place) => place.suite === version.suite && place.repository === version.repository,
    );
    if (!known) places.push({ repository: version.repository, suite: version.suite });
  }
  return places;
}

/** A list that cannot be read is shown as no list: what is stored was not checked for it. */
function expectedOf({ source }: SourcePage): ExpectedBinary[] {
  try {
    return parsePackageList(source.packageList ?? "");
  } catch (thrown) {
    if (thrown instanceof OperatorError) return [];
    throw thrown;
  }
}

function sourceMessage(page: SourcePage, expected: ExpectedBinary[]): Message {
  const { source } = page;
  return {
    tone: "neutral",
    headline: [
      "Source package ",
      { strong: source.name },
      " ",
      { version: source.version },
      ` in ${page.repository}:${page.suite} (${page.component})`,
    ],
    details: facts([
      ["Maintainer", source.maintainer],
      ["Uploaders", source.uploaders.join(", ")],
      ["Homepage", source.homepage],
      ["Build-Depends", source.buildDepends],
      ["Build-Depends-Arch", source.buildDependsArch],
      ["Build-Depends-Indep", source.buildDependsIndep],
      ["Testsuite", source.testsuite.join(", ")],
      ["Kept for others only", source.extraSourceOnly ? "yes (Extra-Source-Only)" : ""],
    ]),
    ...(expected.length === 0
      ? {}
      : {
          table: {
            columns: ["expected binary", "type", "section", "architectures", "profiles"],
            rows: expected.map((one) => [
              one.name,
              one.type,
              one.section,
              one.architectures?.join(" ") ?? "",
              profilesText(one),
            ]),
          },
        }),
  };
}

function profilesText({ name, profiles }: ExpectedBinary): string {
  const bare = { name, qualifier: undefined, version: undefined, architectures: [] };
  return printRelation({ ...bare, profiles }).slice(name.length + 1);
}

function binaryMessage(
  page: BinaryPage,
  entry: BinaryPage["entries"][number],
  language: string,
): Message {
  const text = entry.translations[language];
  const summary = text?.summary ?? entry.summary ?? "";
  const description = text?.description ?? entry.description;
  return {
    tone: "neutral",
    headline: [
      { strong: page.name },
      " ",
      { version: entry.version },
      ` in ${page.repository}:${page.suite} (${entry.component}): ${summary}`,
    ],
    ...(description === null ? {} : { quote: paragraphs(description) }),
    table: table([
      ["Architectures", entry.architectures.join(" ")],
      ["Source", `${entry.sourceName} ${entry.sourceVersion}`],
      ["Maintainer", entry.maintainer],
      ["Installed", kibibytes(entry.sizeInstalled)],
      ["Multi-Arch", entry.multiArch],
      ["Pre-Depends", entry.preDepends],
      ["Depends", entry.depends],
      ["Recommends", entry.recommends],
      ["Suggests", entry.suggests],
      ["Provides", entry.provides],
      ["Breaks", entry.breaks],
      ["Conflicts", entry.conflicts],
      ["Replaces", entry.replaces],
      ["Built-Using", entry.builtUsing],
      ["Static-Built-Using", entry.staticBuiltUsing],
      ["Build-Ids", entry.buildIds.join(" ")],
    ]),
  };
}

/** Lines as they stand in a Description, without the marks of their form (Policy 5.6.13). */
function paragraphs(description: string): string {
  return description
    .split("\n")
    .map((line) => (line.trim() === "." ? "" : line.replace(/^ /, "")))
    .join("\n");
}

function kibibytes(size: string | null): string {
  return size === null ? "" : prettyBytes(Number(size) * 1024, { binary: true });
}

function facts(pairs: [string, string | null][]): Inline[][] {
  return present(pairs).map(([name, value]) => [`${name}: ${value}`]);
}

function table(pairs: [string, string | null][]): Table {
  return { columns: ["field", "value"], rows: present(pairs) };
}

function present(pairs: [string, string | null][]): [string, string][] {
  return pairs.filter((pair): pair is [string, string] => (pair[1] ?? "") !== "");
}

function unknownPackage(name: string, suite: string | undefined): OperatorError {
  return new OperatorError(
    "UNKNOWN_PACKAGE",
    `There is no package ${name}${suite === undefined ? "" : ` in ${suite}`}.`,
    `Check the spelling, or ask who provides it: providers ${name}`,
  );
}
