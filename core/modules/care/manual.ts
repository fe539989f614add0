import { z } from "zod";
import type { OperationDeclaration } from "../../operation/declare.ts";
import { declareOperation } from "../../operation/declare.ts";
import { parametersOf, usageOf } from "../../operation/parameters.ts";
import type { Registry } from "../../operation/registry.ts";

export const manual = declareOperation({
  name: "manual",
  summary: "all commands or events, as a page of Markdown",
  examples: ["manual", "manual events"],
  parameters: z.object({
    page: z
      .enum(["commands", "events"])
      .default("commands")
      .meta({ description: "which page", positional: true }),
  }),
  role: "reader",
  kind: "answer",
  standalone: true,
  run({ registry }, { page }) {
    const text = page === "commands" ? commandsPage(registry) : eventsPage(registry);
    const lines = text.trimEnd().split("\n");
    return Promise.resolve({
      messages: [{ tone: "neutral", headline: [text] }],
      lines,
      data: text,
    });
  },
});

const KINDS = {
  answer: "answers at once",
  act: "changes something at once; recorded in the audit",
  work: "queued, locked, recorded, can be cancelled; knows --dry-run",
};

/** docs/commands.md: every operation with its parameters, role and examples. */
export function commandsPage(registry: Registry): string {
  const operations = [...registry.operations.values()].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  return [
    "# Commands",
    "",
    "The same words work at the command line (`lk import …`), in a Matrix room (`!lk import …`), in",
    "the room of the page, and over HTTP (`POST /api/v1/operations/import`). At the command line every",
    "command knows `--json`, `--progress bar|json|none`, `--config FILE`, `--data DIR` and `--help`.",
    "Exit status: 0 done, 1 failed, 2 wrong usage. Written by `lk manual`.",
    "",
    ...operations.flatMap(commandSection),
  ].join("\n");
}

function commandSection(operation: OperationDeclaration): string[] {
  const rows = parametersOf(operation).map(
    (one) => `- \`${one.positional ? one.name : one.flag}\`: ${one.description}`,
  );
  return [
    `## ${operation.name}`,
    "",
    `${operation.description ?? operation.summary}.`.replace(/\.\.$/, "."),
    "",
    `    ${usageOf(operation)}`,
    "",
    ...rows,
    ...(rows.length === 0 ? [] : [""]),
    `Role: ${operation.role}; ${KINDS[operation.kind]}.`,
    `Examples: ${operation.examples.map((example) => `\`${example}\``).join(", ")}.`,
    "",
  ];
}

/** docs/events.md: every tag with its fields. */
export function eventsPage(registry: Registry): string {
  const events = [...registry.events.values()].toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  return [
    "# Events",
    "",
    "What travels on the bus. *Noise* is kept and shown on the page, but reaches people only by a route",
    "that names its tag; *legacy* is understood, never emitted. Written by `lk manual events`.",
    "",
    "| tag | when | fields | |",
    "|---|---|---|---|",
    ...events.map((event) => {
      const marks = [
        event.audience === "noise" ? "noise" : "",
        event.legacy === true ? "legacy" : "",
      ];
      return `| \`${event.tag}\` | ${event.summary} | ${fields(event.schema)} | ${marks.join(" ").trim()} |`;
    }),
    "",
  ].join("\n");
}

function fields(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const required = new Set(json.required);
  return Object.keys(json.properties ?? {})
    .map((name) => `\`${name}${required.has(name) ? "" : "?"}\``)
    .join(" ");
}
