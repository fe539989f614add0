import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { database } from "../../database/connect.ts";
import { count } from "../../events/phrases.ts";
import { declareOperation } from "../../operation/declare.ts";
import { age } from "./explain.ts";
import { findSuite } from "./suites.ts";

interface RunRow {
  run: number;
  finishedAt: Date;
  seconds: number;
  outcome: "done" | "failed";
  first: boolean;
  error: string | null;
  releaseDate: Date | null;
  indices: number;
  bytes: number;
  /** Packages of one architecture that changed. */
  changes: number;
  journaled: boolean;
}

export const runList = declareOperation({
  name: "suite runs",
  summary: "the imports of a suite that changed it or failed, newest first",
  description:
    "Each import that was done left a state of the suite; `diff` tells what differs between any two.",
  examples: ["suite runs bookworm", "suite runs bookworm --last 100"],
  parameters: z.object({
    suite: z.string().min(1).meta({
      description: "the suite",
      positional: true,
      complete: "suite",
    }),
    last: z.int().min(1).max(1_000).default(20).meta({ description: "how many, newest first" }),
    repository: z.string().min(1).optional().meta({
      description: "the repository of the suite, where several have one of its name",
      complete: "repository",
    }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { suite: name, last, repository }) {
    const suite = await findSuite(name, repository);
    const runs = await runsOf(suite.id, last);
    const place = { strong: `${suite.repository}:${suite.name}` };
    if (runs.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: [place, " was never imported"],
            next: [{ code: `import ${suite.name}` }],
          },
        ],
        data: [],
      };
    }
    const now = new Date();
    return {
      messages: [
        {
          tone: "neutral",
          headline: ["the last ", count(runs.length, "run"), " of ", place],
          table: {
            columns: ["run", "when", "took", "read", "changes"],
            rows: runs.map((run) => tableRow(run, now)),
          },
          next: [{ code: `diff ${suite.name} --run ${runs[0]?.run ?? 0}` }, " shows what one did"],
        },
      ],
      data: runs,
    };
  },
});

function runsOf(suiteId: number, last: number): Promise<RunRow[]> {
  return database().query<RunRow>(
    `select id::float8 as run, finished_at as "finishedAt", outcome, error, indices,
            bytes::float8 as bytes, changes, journaled, release_date as "releaseDate",
            extract(epoch from finished_at - started_at)::float8 as seconds,
            outcome = 'done' and id = (select min(id) from import_run f
                                        where f.suite_id = $1 and f.outcome = 'done') as first
       from import_run where suite_id = $1 order by id desc limit $2`,
    [suiteId, last],
  );
}

function tableRow(run: RunRow, now: Date): string[] {
  return [
    String(run.run),
    `${age(run.finishedAt, now)} ago`,
    `${run.seconds.toFixed(1)} s`,
    readWords(run),
    outcomeWords(run),
  ];
}

function readWords({ indices, bytes }: RunRow): string {
  if (indices === 0) return "";
  return `${indices} ${indices === 1 ? "index" : "indices"}, ${prettyBytes(bytes)}`;
}

function outcomeWords({ outcome, error, first, changes, journaled }: RunRow): string {
  if (outcome === "failed") return `failed: ${error ?? ""}`;
  if (first) return "first import";
  return journaled ? changes.toLocaleString("en") : `${changes.toLocaleString("en")}, not kept`;
}
