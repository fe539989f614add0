import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { connectSpark, type Spark, type SparkKey } from "./spark.ts";

/**
 * A program: many simulated build workers, each with its own key and connection. They ask, accept,
 * pretend to work and report, until their time is over or nothing is left. Prints a FarmReport.
 *
 *     node job-farm.js ORDER.json
 */
export interface FarmOrder {
  endpoint: string;
  serverKey: string;
  workers: { name: string; key: SparkKey; architectures: string[] }[];
  accepts: string[];
  /** Milliseconds that a job takes, from and to. */
  work: [number, number];
  /** Milliseconds before a worker that got nothing asks again; Laniakea's wait 30 seconds. */
  poll: number;
  /** When to end. */
  seconds: number;
  /** End sooner, once every worker got nothing. */
  untilEmpty: boolean;
  /** Milliseconds to wait for an answer. */
  patience: number;
}

export interface FarmReport {
  /** Jobs in the order in which they arrived, with the worker. */
  given: [job: string, worker: string][];
  /** Milliseconds from asking to having, of the asking that brought a job. */
  latencies: number[];
  /** From connecting to the answer to `archive-info`, which each asks first, as Laniakea's do. */
  greetings: number[];
  /** Of the asking that brought none. */
  idle: number[];
  /** Requests of all kinds that were answered. */
  answered: number;
  /** Requests that were not. */
  unanswered: number;
  /** Answers to reports that were not "true", by their text. */
  refused: Record<string, number>;
}

const path = process.argv[2];
if (path !== undefined) {
  const order = JSON.parse(readFileSync(path, "utf8")) as FarmOrder;
  // Sockets would keep the process; the pipe must be empty before it ends.
  process.stdout.write(`${JSON.stringify(await runFarm(order))}\n`, () => process.exit());
}

async function runFarm(order: FarmOrder): Promise<FarmReport> {
  const report: FarmReport = {
    given: [],
    latencies: [],
    greetings: [],
    idle: [],
    answered: 0,
    unanswered: 0,
    refused: {},
  };
  const until = performance.now() + order.seconds * 1_000;
  const empty = new Set<string>();
  const over = (): boolean =>
    performance.now() > until || (order.untilEmpty && empty.size === order.workers.length);
  await Promise.all(
    order.workers.map(async (worker, place) => {
      const { endpoint, serverKey, patience } = order;
      const spark = connectSpark({ ...worker, endpoint, serverKey, patience });
      // Not all at the same moment, but for those that never rest.
      await sleep((place / order.workers.length) * Math.min(order.work[1], 10_000));
      await runWorker(spark, worker, { order, report, over, empty });
      spark.close();
    }),
  );
  return report;
}

async function runWorker(
  spark: Spark,
  worker: FarmOrder["workers"][number],
  farm: { order: FarmOrder; report: FarmReport; over: () => boolean; empty: Set<string> },
): Promise<void> {
  const { order, report, over, empty } = farm;
  const { name, architectures } = worker;
  await greet(spark, report, over);
  while (!over()) {
    const start = performance.now();
    // It has nothing when it asks, so what it was given unheard goes back.
    const wish = { owner: "farm", accepts: order.accepts, architectures, holds: [] };
    const answer = await ask(spark, report, "job", wish);
    if (answer === undefined) continue;
    const job = JSON.parse(answer) as { uuid: string } | null;
    (job === null ? report.idle : report.latencies).push(performance.now() - start);
    if (job === null) {
      empty.add(name);
      await sleep(order.poll);
      continue;
    }
    empty.delete(name);
    report.given.push([job.uuid, name]);
    await tell(spark, report, "job-accepted", job.uuid);
    const [from, to] = order.work;
    if (to > 0) await sleep(from + Math.random() * (to - from));
    await tell(spark, report, "job-success", job.uuid);
  }
}

async function greet(spark: Spark, report: FarmReport, over: () => boolean): Promise<void> {
  const start = performance.now();
  while (!over() && (await ask(spark, report, "archive-info", {})) === undefined);
  report.greetings.push(performance.now() - start);
}

/** Says it until it is heard. */
async function tell(spark: Spark, report: FarmReport, kind: string, uuid: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const answer = await ask(spark, report, kind, { uuid });
    if (answer === undefined || answer.includes("Internal Error")) continue;
    if (answer !== "true") report.refused[answer] = (report.refused[answer] ?? 0) + 1;
    return;
  }
}

async function ask(
  spark: Spark,
  report: FarmReport,
  kind: string,
  fields: Record<string, unknown>,
): Promise<string | undefined> {
  try {
    const answer = await spark.ask(kind, fields);
    report.answered += 1;
    return answer;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
    report.unanswered += 1;
    return undefined;
  }
}
