import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FarmReport } from "../../test/support/job-farm.ts";
import { createJobYard, fillQueue, type JobYard } from "../../test/support/job-yard.ts";
import { processorSeconds } from "../measure.ts";
import { type Line, machineLine, printTable } from "../report.ts";

const JOBS = 200_000;
const WORKERS = 300;

interface Round {
  title: string;
  accepts: string;
  work: [number, number];
  seconds: number;
}

const ROUNDS: Round[] = [
  { title: "working 10 s each", accepts: "package-build", work: [5_000, 15_000], seconds: 30 },
  { title: "working 1 s each", accepts: "package-build", work: [500, 1_500], seconds: 30 },
  { title: "never resting", accepts: "package-build", work: [0, 0], seconds: 20 },
  { title: "polling for nothing, 1/s each", accepts: "os-image-build", work: [0, 0], seconds: 20 },
];

/**
 * The job server with a long queue: 200,000 waiting jobs and 300 polling workers, each with its own
 * CURVE connection, as `lk lighthouse` serves them from the embedded PostgreSQL.
 */
export async function bench(args: string[]): Promise<void> {
  const yard = await createJobYard();
  try {
    await fillQueue(JOBS);
    const lighthouse = await yard.lighthouse();
    const workers = yard.hire(WORKERS, (place) => [place % 3 === 0 ? "arm64" : "amd64"]);
    const lines: Line[] = [];
    for (const round of ROUNDS) lines.push(await measureRound(yard, lighthouse, workers, round));
    lighthouse.kill("SIGTERM");
    await once(lighthouse, "exit");
    printTable(
      `${JOBS.toLocaleString("en")} waiting jobs, ${WORKERS} workers (${machineLine()})`,
      lines,
      args.includes("--markdown"),
    );
  } finally {
    await yard.remove();
  }
}

async function measureRound(
  yard: JobYard,
  lighthouse: ChildProcess,
  workers: ReturnType<JobYard["hire"]>,
  round: Round,
): Promise<Line> {
  const postgres = Number(
    readFileSync(join(yard.dataDirectory, "postgres", "cluster", "postmaster.pid"), "utf8").split(
      "\n",
    )[0],
  );
  const used = (): [number, number] => [
    processorSeconds(lighthouse.pid ?? 0),
    processorSeconds(postgres),
  ];
  const before = used();
  const { report } = yard.farm({
    workers,
    accepts: [round.accepts],
    work: round.work,
    seconds: round.seconds,
    poll: 1_000,
    untilEmpty: false,
    patience: 15_000,
  });
  const farm = await report;
  const after = used();
  return lineOf(round, farm, [after[0] - before[0], after[1] - before[1]]);
}

function lineOf(round: Round, farm: FarmReport, [server, database]: [number, number]): Line {
  const greetings = farm.greetings.toSorted((a, b) => a - b);
  const latencies = farm.given.length > 0 ? farm.latencies : farm.idle;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)} ms`;
  const each = (seconds: number): string =>
    `${((seconds * 1_000) / Math.max(farm.answered, 1)).toFixed(2)} ms`;
  return {
    workers: round.title,
    "jobs/s": (farm.given.length / round.seconds).toFixed(0),
    "requests/s": (farm.answered / round.seconds).toFixed(0),
    "asking p50": at(0.5),
    p99: at(0.99),
    max: at(1),
    "connecting, at most": `${(greetings.at(-1) ?? 0).toFixed(0)} ms`,
    "processor per request": each(server),
    "of PostgreSQL": each(database),
    unanswered: String(farm.unanswered),
    twice: String(farm.given.length - new Set(farm.given.map(([job]) => job)).size),
  };
}
