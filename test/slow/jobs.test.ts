import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { addJobs } from "../../core/model/job-store.ts";
import type { FarmReport } from "../support/job-farm.ts";
import { createJobYard, fillQueue, type JobYard, simulatedJob } from "../support/job-yard.ts";

/**
 * A farm of workers empties a queue while Lighthouse is killed. With LK_FULL=1 as large as a
 * rebuild of an archive: 200,000 jobs, 300 workers, for two minutes.
 */
const FULL = process.env["LK_FULL"] === "1";
const JOBS = FULL ? 200_000 : 3_000;
const WORKERS = FULL ? 300 : 40;
const SECONDS = FULL ? 120 : 240;
const KILLS = 3;

let yard: JobYard;

test.before(async () => {
  yard = await createJobYard();
});
test.after.always(() => yard.remove());

interface Row {
  uuid: string;
  architecture: string;
  rank: number;
}

test("no job is lost or done twice when Lighthouse is killed, and order holds", async (t) => {
  await fillQueue(JOBS);
  const [old = ""] = await addJobs([{ ...simulatedJob(0), architecture: "any", priority: -20 }]);
  await yard.database.query(
    "update job set created_at = now() - interval '21 days' where uuid = $1",
    [old],
  );
  let lighthouse = await yard.lighthouse();
  const farm = yard.farm({
    workers: yard.hire(WORKERS, (place) => [place % 3 === 0 ? "arm64" : "amd64"]),
    accepts: ["package-build"],
    work: [0, 20],
    seconds: SECONDS,
    poll: 500,
    untilEmpty: !FULL,
    patience: 2_000,
  });
  let ended = false;
  const reported = farm.report.finally(() => (ended = true));

  await given(JOBS / 6, () => ended);
  const before = await inOrder();
  t.true(before.length > 0);
  for (let kill = 0; kill < KILLS; kill += 1) {
    lighthouse = await killAndStart(lighthouse);
    await given(Math.min(before.length * (kill + 2), JOBS * 0.9), () => ended);
  }
  const hurry = setInterval(() => void hurryUp(), 500);
  const report = await reported.finally(() => clearInterval(hurry));

  t.is(before[0]?.uuid, old, "the oldest came first, whatever its priority");
  for (const architecture of ["amd64", "arm64", "all", "any"]) {
    const ranks = before.filter((row) => row.architecture === architecture).map((row) => row.rank);
    t.deepEqual(
      ranks,
      ranks.toSorted((a, b) => a - b),
      `${architecture} in order of priority and age`,
    );
  }
  await balance(t, report);
  t.log(
    `${report.given.length} jobs, ${report.unanswered} requests unanswered over ${KILLS} kills`,
  );
});

async function killAndStart(lighthouse: ChildProcess): Promise<ChildProcess> {
  lighthouse.kill("SIGKILL");
  await once(lighthouse, "exit");
  return yard.lighthouse();
}

/**
 * Waits until so many jobs were given out. What was given to workers that never heard of it pauses
 * for a minute; not here.
 */
async function given(count: number, ended: () => boolean): Promise<void> {
  for (;;) {
    await hurryUp();
    const [row] = await yard.database.query<{ count: number }>(
      "select count(*)::int as count from job where fence > 0",
    );
    if ((row?.count ?? 0) >= count || ended()) return;
    await sleep(100);
  }
}

async function hurryUp(): Promise<void> {
  await yard.database.query("update job set ready_at = now() where ready_at > now()");
}

/** The jobs that were given out so far, in the order of their events. */
function inOrder(): Promise<Row[]> {
  return yard.database.query<Row>(
    `select job.uuid, architecture, rank
       from event join job on job.uuid = (event.data ->> 'job_id')::uuid
      where tag = '_lk.jobs.job-assigned' order by event.id`,
  );
}

/** Each job is somewhere, and those that were done were done once. */
async function balance(t: ExecutionContext, report: FarmReport): Promise<void> {
  const uuids = report.given.map(([job]) => job);
  t.is(uuids.length, new Set(uuids).size, "no job reached two workers");
  t.deepEqual(report.refused, {}, "no report was refused");
  const states = await yard.database.query<{ status: string; count: number }>(
    "select status, count(*)::int as count from job group by status order by status",
  );
  const count = (status: string): number => states.find((one) => one.status === status)?.count ?? 0;
  t.is(
    states.reduce((sum, one) => sum + one.count, 0),
    JOBS + 1,
  );
  t.is(count("terminated"), 0);
  if (!FULL) t.deepEqual(states, [{ status: "done", count: JOBS + 1 }]);
  const finished = await yard.database.query<{ job: string; count: number }>(
    `select data ->> 'job_id' as job, count(*)::int as count from event
      where tag = '_lk.jobs.job-finished' group by 1`,
  );
  t.is(finished.length, count("done"));
  t.true(finished.every((one) => one.count === 1));
}
