import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { settingPath } from "../../config.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";
import { DOWNLOADS } from "./download-cache.ts";
import { importSuites, type Outcome } from "./import.ts";
import type { ImportResult } from "./store-suite.ts";
import { findSuites } from "./suites.ts";
import { suitesOfEvent, TRIGGER_TAGS } from "./triggers.ts";

export const importOperation = declareOperation({
  name: "import",
  summary: "bring the packages of suites in from their mirrors",
  description:
    "Fetches the signed Release of each suite, reads the indices that changed since the last " +
    "import, and records what was added, updated and removed. Given the name of a repository, it " +
    "imports all its suites; given nothing, all suites.",
  examples: ["import", "import bookworm", "import demo --dry-run"],
  parameters: z.object({
    suites: z.array(z.string().min(1)).default([]).meta({
      description: "suites, or a repository for all its suites",
      positional: true,
      complete: "suite",
    }),
    repository: z.string().min(1).optional().meta({
      description: "only suites of this repository",
      complete: "repository",
    }),
    force: z.boolean().default(false).meta({
      description: "read unchanged indices again, and accept an archive that was set back",
    }),
  }),
  role: "operator",
  kind: "work",
  // Whoever asks for the same waits; what overlaps otherwise takes turns suite by suite.
  locks: ({ suites, repository }) =>
    (suites.length === 0 ? [repository ?? "all"] : suites).map((name) => `import ${name}`),
  schedule: { default: "*/30 * * * *", parameters: {} },
  triggers: { tags: TRIGGER_TAGS, parameters: suitesOfEvent },
  async run(context, { suites: names, repository, force }) {
    const scheduled = context.caller.origin === "schedule";
    const suites = await findSuites(names, repository).catch((thrown: unknown) => {
      // Before anything is configured there is nothing to do, and nothing wrong.
      if (scheduled && thrown instanceof OperatorError && thrown.code === "NO_SUITE") return [];
      throw thrown;
    });
    const { signal, log, dryRun, progress, caller } = context;
    const downloads = settingPath(context.settings, DOWNLOADS);
    const options = { signal, log, dryRun, progress, force, downloads };
    const outcomes = await importSuites(suites, options, caller.origin);
    const [only] = outcomes;
    if (outcomes.length === 1 && only !== undefined && "error" in only) throw only.error;
    return {
      messages: outcomes.map((outcome) => describeOutcome(outcome, dryRun)),
      data: outcomes.map((outcome) => dataOf(outcome, dryRun)),
      failed: outcomes.some((outcome) => "error" in outcome),
    };
  },
});

function describeOutcome(outcome: Outcome, dryRun: boolean): Message {
  const { suite } = outcome;
  const place = { strong: `${suite.repository}:${suite.name}` };
  if ("error" in outcome) {
    const { error } = outcome;
    return {
      tone: "bad",
      headline: [place, " was not imported"],
      quote: error.message,
      ...(error.hint === undefined ? {} : { next: [error.hint] }),
    };
  }
  const { result } = outcome;
  const held = `${result.sources} sources, ${result.binaries + result.udebs} binaries`;
  return {
    tone: result.changes.length > 0 || result.first ? "good" : "neutral",
    headline: [place, ` ${verdict(result, dryRun)}: ${held}`],
    details: [
      ...(result.indices === 0 ? [] : [[readLine(result)]]),
      ...(Object.keys(result.content).length === 0 ? [] : [[contentLine(result)]]),
    ],
  };
}

function verdict(result: ImportResult, dryRun: boolean): string {
  if (result.first) return dryRun ? "would be imported for the first time" : "is imported";
  if (result.changes.length === 0) return dryRun ? "would not change" : "is unchanged";
  const changes = result.changes.map(({ change, count }) => `${count} ${change}`).join(", ");
  return dryRun ? `would change (packages: ${changes})` : `changed (packages: ${changes})`;
}

function readLine({ indices, bytes }: ImportResult): string {
  return `${indices} ${indices === 1 ? "index" : "indices"} read, ${prettyBytes(bytes)}`;
}

const KINDS: Record<string, string> = {
  components: "software components",
  cids: "global ids",
};

function contentLine({ content }: ImportResult): string {
  return Object.entries(content)
    .map(
      ([kind, count]) =>
        `${count} ${KINDS[kind] ?? kind.replace(/^translation /, "descriptions in ")}`,
    )
    .join(", ");
}

function dataOf(outcome: Outcome, dryRun: boolean): Record<string, unknown> {
  if ("result" in outcome) return { ...outcome.result, dryRun };
  const { suite, error } = outcome;
  return {
    repository: suite.repository,
    suite: suite.name,
    error: { code: error.code, message: error.message, hint: error.hint ?? null },
  };
}
