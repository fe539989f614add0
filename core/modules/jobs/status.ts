import { database } from "../../database/connect.ts";
import type { Inline, Message } from "../../message.ts";
import { Job } from "../../model/job.ts";
import type { Fact } from "../module.ts";
import { jobMessage, period, shortId } from "./describe-job.ts";
import { workerNames } from "./find.ts";
import { loadPolicy } from "./policy.ts";
import { loadWorkers, type WorkerView } from "./workers.ts";

/** What waits for workers of one architecture. */
interface Waiting {
  architecture: string;
  count: number;
  oldest: Date;
}

/** The row of `status`: what waits, what runs, who is silent. Nothing before the first job. */
export async function jobStatus(): Promise<Fact[]> {
  const workers = await loadWorkers();
  const waiting = await waitingJobs();
  const [row] = await database().query<{ running: number }>(
    "select count(*)::int as running from job where status in ('scheduled', 'running')",
  );
  const running = row?.running ?? 0;
  if (workers.length === 0 && waiting.length === 0 && running === 0) return [];
  const data = { kind: "jobs", waiting, running, workers: workers.length };
  return [{ message: statusMessage(waiting, running, workers), data }];
}

function statusMessage(waiting: Waiting[], running: number, workers: WorkerView[]): Message {
  const total = waiting.reduce((sum, one) => sum + one.count, 0);
  const now = new Date();
  const details: Inline[][] = waiting.map((one) => [
    { architecture: one.architecture },
    `: ${one.count} wait, the oldest since ${period(one.oldest, now)}`,
  ]);
  const silent = workers.filter((one) => one.state === "silent").map((one) => one.name);
  if (silent.length > 0) details.push([`silent: ${silent.slice(0, 10).join(", ")}`]);
  const counts = `${total} wait, ${running} run on ${workers.length} workers`;
  return {
    tone: silent.length > 0 ? "attention" : "neutral",
    headline: [{ strong: "jobs" }, `: ${counts}`],
    details,
  };
}

function waitingJobs(): Promise<Waiting[]> {
  return database().query<Waiting>(
    `select architecture, count(*)::int as count, min(created_at) as oldest
       from job where status = 'waiting' group by architecture order by architecture`,
  );
}

/** What `doctor` says of jobs: workers that are silent or broken, jobs that nobody can take. */
export async function jobChecks(): Promise<Message[]> {
  const workers = await loadWorkers();
  const waiting = await waitingJobs();
  const { indepArchitecture } = await loadPolicy();
  const now = new Date();
  const found: Message[] = [];
  for (const one of workers) {
    const heard = one.lastPing === null ? "never heard" : `silent for ${period(one.lastPing, now)}`;
    if (one.state === "silent") {
      found.push({
        tone: "attention",
        headline: ["Worker ", { strong: one.name }, ` is ${heard}.`],
        next: [`Start it, or: spark disable ${one.name}`],
      });
    }
    if (one.pausedUntil !== null) {
      found.push({
        tone: "bad",
        headline: ["Worker ", { strong: one.name }, ` gave back ${one.failures} jobs in a row.`],
        details: [[`It gets none for ${period(one.pausedUntil, now)}.`]],
        next: [`See its log; once it is mended: spark enable ${one.name}`],
      });
    }
  }
  const able = new Set(
    workers
      .filter((one) => one.state === "active" || one.state === "idle")
      .flatMap((one) => one.architectures),
  );
  if (able.size > 0) able.add("any");
  if (able.has(indepArchitecture)) able.add("all");
  for (const { architecture, count } of waiting.filter((one) => !able.has(one.architecture))) {
    found.push({
      tone: "attention",
      headline: [`${count} jobs wait for `, { architecture }, ", and no worker for it is there."],
      next: ["See which workers there are: spark list"],
    });
  }
  if (found.length > 0) return found;
  if (workers.length === 0) return [];
  return [{ tone: "good", headline: [`${workers.length} build workers, all well.`] }];
}

/** Where a job stands, for its page; undefined for one that is not ours. */
export async function jobState(uuid: string): Promise<Message | undefined> {
  const job = await Job.findByPk(uuid);
  if (job === null) return undefined;
  const names = await workerNames([job]);
  return jobMessage(job, names.get(job.worker ?? ""), new Date());
}

const EXPLAINED = 5;

/** What is known of a package from its jobs: the newest of each architecture. */
export async function explainJobs(name: string): Promise<Fact[]> {
  const rows = await database().query<{ uuid: string }>(
    `select uuid from (
       select distinct on (architecture) uuid, created_at
         from job where package = $1 order by architecture, created_at desc) as newest
      order by created_at desc limit ${EXPLAINED}`,
    [name],
  );
  const jobs = await Job.findAll({
    where: { uuid: rows.map(({ uuid }) => uuid) },
    order: [["createdAt", "DESC"]],
  });
  const names = await workerNames(jobs);
  const now = new Date();
  return jobs.map((job) => {
    const { uuid, architecture, version, status, result, suite, reason } = job;
    const { quote: _log, ...message } = jobMessage(job, names.get(job.worker ?? ""), now);
    const next = message.next ?? [{ code: `job show ${shortId(uuid)}` }];
    return {
      message: { ...message, next },
      data: {
        kind: "job",
        package: name,
        uuid,
        architecture,
        version,
        status,
        result,
        suite,
        reason,
      },
    };
  });
}
