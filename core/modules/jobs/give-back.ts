import { database } from "../../database/connect.ts";
import { terminateJobs } from "../../model/job-store.ts";
import { backOffMinutes, pauseMinutes } from "./decide-report.ts";
import type { JobPolicy } from "./policy.ts";

/** A job that came to nothing at its worker, locked by the running transaction. */
export interface LostJob {
  uuid: string;
  module: string;
  kind: string;
  version: string | null;
  architecture: string;
  attempts: number;
  worker: string;
  workerName: string;
  /** Of the worker, in a row, before this one. */
  failures: number;
}

/** What became of it. */
export type Fate = "waits" | "terminated";

/**
 * Gives jobs back to the queue, each after a pause, or gives them up after too many attempts. A
 * worker to which this happens again and again is passed over for a while, so that a broken one
 * does not use up the attempts of the whole queue.
 */
export async function giveBack(
  jobs: readonly LostJob[],
  policy: JobPolicy,
  why: (job: LostJob) => string,
): Promise<Map<string, Fate>> {
  const fates = new Map<string, Fate>();
  const failures = new Map<string, number>();
  for (const job of jobs) {
    failures.set(job.worker, (failures.get(job.worker) ?? job.failures) + 1);
    const given = job.attempts >= policy.maxAttempts;
    fates.set(job.uuid, given ? "terminated" : "waits");
    if (given) await terminateJobs([job.uuid], `${job.attempts} attempts failed; ${why(job)}`);
    else await waitAgain(job, why(job));
  }
  for (const [worker, count] of failures) await countFailures(worker, count);
  return fates;
}

async function waitAgain({ uuid, attempts }: LostJob, reason: string): Promise<void> {
  await database().query(
    `update job set status = 'waiting', worker = null, lease_until = null, assigned_at = null,
            reason = $2, ready_at = now() + $3 * interval '1 minute'
      where uuid = $1`,
    [uuid, reason, backOffMinutes(attempts)],
  );
}

async function countFailures(worker: string, failures: number): Promise<void> {
  const minutes = pauseMinutes(failures);
  await database().query(
    `update worker
        set failures = $2,
            paused_until = case when $3 > 0 then now() + $3 * interval '1 minute' end
      where uuid = $1`,
    [worker, failures, minutes],
  );
}
