import { database } from "../../database/connect.ts";
import { jobObject, type JobObject, type WaitingJob } from "./job-object.ts";
import { ACCEPT_SECONDS, type JobPolicy } from "./policy.ts";

/** A worker that wants a job. */
export interface Wish {
  worker: string;
  accepts: readonly string[];
  architectures: readonly string[];
}

export interface Assignment {
  /** For each wish, in order: its job, or null when nothing fits. */
  jobs: (JobObject | null)[];
  /** Jobs that nobody can do. */
  broken: { job: WaitingJob; reason: string }[];
}

/**
 * So many jobs more than wanted are looked at, because some may be in the hands of another
 * Lighthouse and are passed over: few at first, then as many as it can hold.
 */
const SLACK = [8, 1_000];

/**
 * Gives waiting jobs to workers, best job first, in the running transaction. Wishes that are alike
 * are served by one statement: for each pair of kind and architecture it reads the front of one
 * range of an index, so that its cost does not grow with the queue.
 */
export async function assignJobs(wishes: readonly Wish[], policy: JobPolicy): Promise<Assignment> {
  const assignment: Assignment = { jobs: wishes.map(() => null), broken: [] };
  await Promise.all(alike(wishes).map((places) => serveAlike(places, wishes, policy, assignment)));
  return assignment;
}

async function serveAlike(
  places: readonly number[],
  wishes: readonly Wish[],
  policy: JobPolicy,
  assignment: Assignment,
): Promise<void> {
  const pairs = fitting(wishes[places[0] ?? 0], policy.indepArchitecture);
  let open = places;
  for (const slack of SLACK) {
    // A job that turns out to be broken leaves somebody without one.
    while (open.length > 0) {
      const workers = open.map((place) => wishes[place]?.worker ?? "");
      const { taken, passed } = await takeJobs(pairs, workers, slack);
      open = await handOut(taken, open, { policy, assignment });
      if (taken.length === 0 && !passed) return;
      if (taken.length === 0) break;
    }
  }
}

/** Gives each of the jobs to the one for whom it was taken. @returns who is left without one */
async function handOut(
  taken: readonly TakenJob[],
  places: readonly number[],
  to: { policy: JobPolicy; assignment: Assignment },
): Promise<number[]> {
  const served = new Set<number>();
  for (const { turn, ...job } of taken) {
    const object = jobObject(job, to.policy.indepArchitecture);
    const place = places[turn - 1] ?? 0;
    if ("broken" in object) {
      to.assignment.broken.push({ job, reason: object.broken });
      await terminate(job.uuid, object.broken);
    } else {
      to.assignment.jobs[place] = object;
      served.add(place);
    }
  }
  return places.filter((place) => !served.has(place));
}

/** Places of the wishes that want the same, groups in the order of their first. */
function alike(wishes: readonly Wish[]): number[][] {
  const groups = new Map<string, number[]>();
  wishes.forEach(({ accepts, architectures }, place) => {
    const key = JSON.stringify([accepts.toSorted(), architectures.toSorted()]);
    groups.set(key, [...(groups.get(key) ?? []), place]);
  });
  return [...groups.values()];
}

/** What a worker may do: `any` fits all, `all` only the architecture that builds it. */
function fitting(wish: Wish | undefined, indep: string): [kinds: string[], archs: string[]] {
  const real = (wish?.architectures ?? []).filter((one) => one !== "all" && one !== "any");
  // Who names no architecture gets nothing, as from the peer.
  const archs = real.length === 0 ? [] : [...real, "any", ...(real.includes(indep) ? ["all"] : [])];
  const pairs = (wish?.accepts ?? []).flatMap((kind) => archs.map((arch) => [kind, arch] as const));
  return [pairs.map(([kind]) => kind), pairs.map(([, arch]) => arch)];
}

interface TakenJob extends WaitingJob {
  /** 1 for the worker that is the first in the row. */
  turn: number;
}

/**
 * Gives the best waiting jobs to a row of workers, the best to the first, passing over those that
 * another Lighthouse has in hand.
 *
 * @returns the jobs, and whether there may be more behind those that were looked at
 */
async function takeJobs(
  [kinds, archs]: [string[], string[]],
  workers: readonly string[],
  slack: number,
): Promise<{ taken: TakenJob[]; passed: boolean }> {
  const rows = await database().prepared<{ seen: number } & (TakenJob | { uuid: null })>(TAKE, [
    kinds,
    archs,
    workers,
    slack,
    ACCEPT_SECONDS,
  ]);
  const taken = rows.filter((row): row is { seen: number } & TakenJob => row.uuid !== null);
  return { taken, passed: (rows[0]?.seen ?? 0) >= workers.length + slack };
}

const TAKE = `
  with front as materialized (
    select best.uuid, best.rank
      from unnest($1::text[], $2::text[]) as pair (kind, architecture) cross join lateral (
        select uuid, rank from job
         where status = 'waiting' and job.kind = pair.kind
           and job.architecture = pair.architecture and ready_at <= now()
         order by rank, uuid limit cardinality($3::uuid[]) + $4::int) as best
     order by best.rank, best.uuid limit cardinality($3::uuid[]) + $4::int
  ), locked as materialized (
    select job.uuid, front.rank
      from front join job on job.uuid = front.uuid
     where status = 'waiting'
     order by front.rank, front.uuid limit cardinality($3::uuid[])
       for update of job skip locked
  ), turns as (
    select uuid, row_number() over (order by rank, uuid)::int as turn from locked
  ), given as (
    update job
       set status = 'scheduled', worker = ($3::uuid[])[turn], assigned_at = now(),
           attempts = attempts + 1, fence = fence + 1,
           lease_until = now() + $5 * interval '1 second', reason = null, log_excerpt = null
      from turns
     where job.uuid = turns.uuid
    returning turn, job.uuid, module, kind, version, architecture, repository, data,
              to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created
  )
  select given.*, looked.seen
    from (select count(*)::int as seen from front) as looked left join given on true
   order by turn`;

async function terminate(uuid: string, reason: string): Promise<void> {
  await database().query(
    `update job
        set status = 'terminated', reason = $2, log_excerpt = $3, finished_at = now(),
            worker = null, assigned_at = null, lease_until = null, attempts = attempts - 1
      where uuid = $1`,
    [uuid, reason, `This job cannot be done: ${reason}. It has been terminated.`],
  );
}
