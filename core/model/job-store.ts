import { randomUUID } from "node:crypto";
import { database } from "../database/connect.ts";
import type { JobResult } from "./job.ts";

/**
 * How modules make jobs and settle them. Workers take and report them through the job server
 * (core/modules/jobs), which goes by the same states:
 *
 * waiting → scheduled (given to a worker) → running (accepted) → done (reported, then final);
 * back to waiting when the worker gives it back or falls silent, to terminated when that happened
 * too often or somebody cancelled it; waiting ↔ depwait while a build dependency is missing.
 */
export interface NewJob {
  /** Who wants it: ariadne, isotope. */
  module: string;
  kind: string;
  version?: string | null;
  /** `any` by default; `all` goes to the architecture that builds arch:all. */
  architecture?: string;
  repository?: string | null;
  suite?: string | null;
  trigger?: string | null;
  /** As the worker reads it; see the kinds in core/modules/jobs/job-object.ts. */
  data?: Record<string, unknown>;
  /** -20 to 20, higher is sooner. */
  priority?: number;
  /** It cannot be done yet, and why. */
  waitsFor?: string;
}

/** Adds jobs, in the running transaction if there is one. @returns their ids, in order */
export async function addJobs(jobs: readonly NewJob[]): Promise<string[]> {
  const ids = jobs.map(() => randomUUID());
  await database().query(
    `insert into job (uuid, module, kind, version, architecture, repository, suite, trigger, data,
                      priority, status, reason, created_at)
     select uuid, module, kind, version, architecture, repository, suite, trigger, data::jsonb,
            priority, case when waits is null then 'waiting' else 'depwait' end, waits,
            -- Equal times would leave the order of one batch to chance.
            now() + place * interval '1 microsecond'
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                   $7::text[], $8::uuid[], $9::text[], $10::int[], $11::text[])
            with ordinality as n (uuid, module, kind, version, architecture, repository, suite,
                                  trigger, data, priority, waits, place)`,
    [
      ids,
      jobs.map((job) => job.module),
      jobs.map((job) => job.kind),
      jobs.map((job) => job.version ?? null),
      jobs.map((job) => job.architecture ?? "any"),
      jobs.map((job) => job.repository ?? null),
      jobs.map((job) => job.suite ?? null),
      jobs.map((job) => job.trigger ?? null),
      jobs.map((job) => JSON.stringify(job.data ?? {})),
      jobs.map((job) => job.priority ?? 0),
      jobs.map((job) => job.waitsFor ?? null),
    ],
  );
  return ids;
}

/** The outcome of a job, as verified from what its worker uploaded. */
export interface Settlement {
  result: Extract<JobResult, "success" | "failure" | "failure-dependency">;
  /** Who must have had it: uploads of others settle nothing. */
  worker: string;
  reason?: string;
}

/**
 * Makes a result final; a missing dependency makes the job wait for it. A worker's own report that
 * comes later changes nothing any more.
 *
 * @returns false, nothing changed, when that worker does not have the job
 */
export async function settleJob(uuid: string, settlement: Settlement): Promise<boolean> {
  const rows = await database().query(
    `update job
        set status = case when $3 = 'failure-dependency' then 'depwait' else 'done' end,
            result = $3, reason = $4, lease_until = null, log_excerpt = null,
            finished_at = coalesce(finished_at, now())
      where uuid = $1 and worker = $2
        and (status in ('scheduled', 'running')
             or status = 'done' and result in ('success-pending', 'failure-pending'))
      returning uuid`,
    [uuid, settlement.worker, settlement.result, settlement.reason ?? null],
  );
  return rows.length > 0;
}

/** Makes waiting or failed jobs wait for a dependency. @returns those that do now */
export async function holdJobs(uuids: readonly string[], reason: string): Promise<string[]> {
  return changed(
    `update job set status = 'depwait', reason = $2
      where uuid = any($1) and (status = 'waiting' or status = 'done' and result = 'failure')
      returning uuid`,
    [uuids, reason],
  );
}

/** The dependency is there: jobs that waited for it are ready. @returns those that are now */
export async function releaseJobs(uuids: readonly string[]): Promise<string[]> {
  return changed(
    `update job set ${AFRESH} where uuid = any($1) and status = 'depwait' returning uuid`,
    [uuids],
  );
}

/** What makes a job that ended wait for a worker again, its past attempts forgotten. */
const AFRESH = `status = 'waiting', result = 'unknown', reason = null, worker = null, attempts = 0,
  ready_at = now(), assigned_at = null, finished_at = null, log_excerpt = null`;

/** Starts jobs afresh that ended or wait. @returns those that are waiting now */
export async function retryJobs(uuids: readonly string[]): Promise<string[]> {
  return changed(
    `update job set ${AFRESH}
      where uuid = any($1) and status in ('done', 'terminated', 'depwait', 'waiting')
      returning uuid`,
    [uuids],
  );
}

/** Ends jobs that have not ended. Their workers are told at their next word. @returns those ended */
export async function terminateJobs(uuids: readonly string[], reason: string): Promise<string[]> {
  return changed(
    `update job set status = 'terminated', reason = $2, lease_until = null, finished_at = now()
      where uuid = any($1) and status not in ('done', 'terminated')
      returning uuid`,
    [uuids, reason],
  );
}

async function changed(sql: string, parameters: unknown[]): Promise<string[]> {
  const rows = await database().query<{ uuid: string }>(sql, parameters);
  return rows.map(({ uuid }) => uuid);
}
