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
  for (const places of alike(wishes)) {
    const pairs = fitting(wishes[places[0] ?? 0], policy.indepArchitecture);
    let open = places;
    for (const slack of SLACK) {
      // A job that turns out to be broken leaves somebody without one.
      while (open.length > 0) {
        const taken = await takeJobs(pairs, open.length, slack);
        if (taken.length === 0) break;
        open = await handOut(taken, open, { wishes, policy, assignment });
      }
    }
  }
  return assignment;
}

/** Gives each of the jobs to the next in the row. @returns who is left without one */
async function handOut(
  taken: readonly WaitingJob[],
  places: readonly number[],
  to: { wishes: readonly Wish[]; policy: JobPolicy; assignment: Assignment },
): Promise<number[]> {
  const open = [...places];
  const given: [job: string, worker: string][] = [];
  for (const job of taken) {
    const object = jobObject(job, to.policy.indepArchitecture);
    if ("broken" in object) {
      to.assignment.broken.push({ job, reason: object.broken });
      await terminate(job.uuid, object.broken);
      continue;
    }
    const place = open.shift() ?? 0;
    to.assignment.jobs[place] = object;
    given.push([job.uuid, to.wishes[place]?.worker ?? ""]);
  }
  await schedule(given);
  return open;
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

/** Locks the best waiting jobs, passing over those that another Lighthouse has in hand. */
function takeJobs(
  [kinds, archs]: [string[], string[]],
  count: number,
  slack: number,
): Promise<WaitingJob[]> {
  return database().query<WaitingJob>(
    `with pair as (
       select kind, architecture from unnest($1::text[], $2::text[]) as p (kind, architecture)
     ), front as (
       select best.uuid, best.rank
         from pair cross join lateral (
           select uuid, rank from job
            where status = 'waiting' and job.kind = pair.kind
              and job.architecture = pair.architecture and ready_at <= now()
            order by rank, uuid limit $3::int + $4::int) as best
        order by best.rank, best.uuid limit $3::int + $4::int
     )
     select job.uuid, module, kind, version, architecture, repository, data,
            to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created
       from front join job on job.uuid = front.uuid
      where status = 'waiting'
      order by front.rank, front.uuid limit $3::int for update of job skip locked`,
    [kinds, archs, count, slack],
  );
}

async function schedule(given: readonly [job: string, worker: string][]): Promise<void> {
  if (given.length === 0) return;
  await database().query(
    `update job
        set status = 'scheduled', worker = given.worker, assigned_at = now(), attempts = attempts + 1,
            fence = fence + 1, lease_until = now() + $3 * interval '1 second', reason = null,
            log_excerpt = null
       from unnest($1::uuid[], $2::uuid[]) as given (job, worker)
      where uuid = given.job`,
    [given.map(([job]) => job), given.map(([, worker]) => worker), ACCEPT_SECONDS],
  );
}

async function terminate(uuid: string, reason: string): Promise<void> {
  await database().query(
    `update job set status = 'terminated', reason = $2, log_excerpt = $3, finished_at = now()
      where uuid = $1`,
    [uuid, reason, `This job cannot be done: ${reason}. It has been terminated.`],
  );
}
