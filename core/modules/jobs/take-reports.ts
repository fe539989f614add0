import { database } from "../../database/connect.ts";
import type { JobResult, JobStatus } from "../../model/job.ts";
import { clientEvent, finishedEvent, type JobEvent, terminatedEvent } from "./announce.ts";
import { decideReport, type ReportDecision } from "./decide-report.ts";
import { giveBack, type LostJob } from "./give-back.ts";
import { type JobPolicy, leaseSeconds } from "./policy.ts";
import { FRESH_SECONDS, heardFrom, type Identity } from "./register.ts";
import { errorReply, HEARD, NOTED } from "./reply.ts";
import { JOB_UNKNOWN, type Report } from "./request.ts";

export interface SignedReport {
  request: Report;
  identity: Identity;
}

/** Jobs that reports name, each with its worker, locked, by their ids. */
export type LockedJobs = Map<string, LockedJob>;

interface LockedJob extends Omit<LostJob, "worker"> {
  status: JobStatus;
  result: JobResult;
  worker: string | null;
  keyId: string | null;
  heartbeat: number | null;
  /** Its worker was not noted as heard for some seconds. */
  longAgo: boolean;
  /** What reports of this batch changed. */
  changed: boolean;
  givenBack: boolean;
  excerpt: string | null;
}

const FOREIGN = errorReply("Job is not assigned to this worker.");

/**
 * Decides what reports change, in order; `writeReports` then does it.
 *
 * @param events what there is to tell is added to them
 * @returns the replies
 */
export function takeReports(
  reports: readonly SignedReport[],
  jobs: LockedJobs,
  events: JobEvent[],
): string[] {
  return reports.map((report) => take(report, jobs.get(report.request.job), events));
}

/** Gives back what was rejected, in the running transaction. @returns what there is to tell */
export async function giveBackRejected(jobs: LockedJobs, policy: JobPolicy): Promise<JobEvent[]> {
  const rejected = [...jobs.values()].filter(isGivenBack);
  const why = (job: LostJob): string => `${job.workerName} gave it back`;
  const fates = await giveBack(rejected, policy, why);
  return rejected
    .filter((job) => fates.get(job.uuid) === "terminated")
    .map((job) => terminatedEvent(job, `${job.attempts} attempts failed; ${why(job)}`));
}

/** Writes what reports changed, in the running transaction. */
export async function writeReports(jobs: LockedJobs, policy: JobPolicy): Promise<void> {
  const changed = [...jobs.values()].filter((job) => job.changed);
  const kept = changed.filter((job) => !job.givenBack);
  const silent = changed.flatMap((job) => (job.longAgo && job.worker ? [job.worker] : []));
  const worked = kept.filter((job) => job.status === "done" && job.failures > 0);
  await Promise.all([
    writeJobs(kept, policy),
    heardFrom(silent),
    forgetFailures(worked.flatMap((job) => (job.worker === null ? [] : [job.worker]))),
  ]);
}

/** Decides on one report and notes in memory what it changes. @returns the reply */
function take(report: SignedReport, job: LockedJob | undefined, events: JobEvent[]): string {
  const { kind, machine, logExcerpt } = report.request;
  if (job === undefined) return errorReply(JOB_UNKNOWN);
  // Who it says it is counts only together with the key that this machine is known by.
  const proven = job.keyId === report.identity.keyId && !job.givenBack;
  const decision = proven ? decideReport(job, kind, machine.id) : FOREIGN_DECISION;
  if (decision.kind === "foreign") return FOREIGN;
  if (decision.kind === "known") return NOTED;
  job.changed = true;
  const client = { id: machine.id, name: job.workerName };
  switch (decision.kind) {
    case "alive":
      // An empty one is a mere sign of life.
      if (logExcerpt !== "") job.excerpt = logExcerpt;
      return HEARD;
    case "accepted":
      job.status = "running";
      events.push(clientEvent("job-accepted", job.uuid, client));
      return NOTED;
    case "finished":
      job.status = "done";
      job.result = decision.result;
      events.push(finishedEvent(job.uuid, client, decision.result));
      return NOTED;
    default:
      job.givenBack = true;
      events.push(clientEvent("job-rejected", job.uuid, client));
      return NOTED;
  }
}

const FOREIGN_DECISION: ReportDecision = { kind: "foreign" };

function isGivenBack(job: LockedJob): job is LockedJob & LostJob {
  return job.givenBack && job.worker !== null;
}

/** Locks the jobs that reports are about, in one order for all Lighthouses. */
export async function lockJobs(uuids: readonly string[]): Promise<LockedJobs> {
  if (uuids.length === 0) return new Map();
  const rows = await database().prepared<Omit<LockedJob, "changed" | "givenBack" | "excerpt">>(
    `select job.uuid, module, kind, version, architecture, status, result, attempts, worker,
            coalesce(worker.name, '') as "workerName", key_id as "keyId", heartbeat,
            coalesce(failures, 0) as failures,
            last_ping < now() - interval '${FRESH_SECONDS} seconds' as "longAgo"
       from job left join worker on worker.uuid = job.worker
      where job.uuid = any($1) order by job.uuid for update of job`,
    [uuids],
  );
  return new Map(
    rows.map((row) => [row.uuid, { ...row, changed: false, givenBack: false, excerpt: null }]),
  );
}

async function writeJobs(jobs: readonly LockedJob[], policy: JobPolicy): Promise<void> {
  if (jobs.length === 0) return;
  await database().prepared(
    `update job
        set status = n.status, result = n.result,
            log_excerpt = coalesce(n.excerpt, log_excerpt),
            lease_until = case when n.status <> 'done' then now() + n.lease * interval '1 second' end,
            finished_at = case when n.status = 'done' then now() end
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[])
            as n (uuid, status, result, excerpt, lease)
      where job.uuid = n.uuid`,
    [
      jobs.map((job) => job.uuid),
      jobs.map((job) => job.status),
      jobs.map((job) => job.result),
      jobs.map((job) => job.excerpt),
      jobs.map((job) => leaseSeconds(job.heartbeat, policy)),
    ],
  );
}

async function forgetFailures(workers: readonly string[]): Promise<void> {
  if (workers.length === 0) return;
  await database().query(
    "update worker set failures = 0, paused_until = null where uuid = any($1)",
    [workers],
  );
}
