import { database, inTransaction } from "../../database/connect.ts";
import { together } from "../../database/transaction.ts";
import { emitEvents } from "../../events/emit.ts";
import { assignedEvent, clientEvent, type JobEvent, terminatedEvent } from "./announce.ts";
import { type Assignment, assignJobs, type Wish } from "./assign.ts";
import { giveBack, type LostJob } from "./give-back.ts";
import { type JobPolicy, loadPolicy } from "./policy.ts";
import { type Identity, type RegisteredWorker, registerWorkers } from "./register.ts";
import { errorReply, jsonReply, NO_JOB } from "./reply.ts";
import type { JobRequest, Report, WorkerRequest } from "./request.ts";
import { giveBackRejected, lockJobs, takeReports, writeReports } from "./take-reports.ts";

/** A request that can be read, and whose key it came under. */
export interface Ask {
  request: WorkerRequest;
  identity: Identity;
}

interface JobAsk extends Ask {
  request: JobRequest;
}

const NOT_YOU = errorReply("The key of this connection belongs to another machine.");

/**
 * Serves requests together, in one transaction with the events that tell of them: hundreds of
 * workers that ask at once cost little more than one.
 *
 * @param uploadUrl where workers upload to, or ""
 * @returns the replies in order, true once they are committed
 */
export function serve(asks: readonly Ask[], uploadUrl: string): Promise<string[]> {
  return inTransaction(async () => {
    const reports = asks.filter(isReport);
    const wishes = asks.filter(isJobAsk);
    const [policy, jobs, workers] = await together(() => [
      loadPolicy(),
      lockJobs(reports.map(({ request }) => request.job)),
      registerWorkers(wishes),
    ]);
    const events: JobEvent[] = [];
    const taken = takeReports(reports, jobs, events);
    events.push(...(await giveBackRejected(jobs, policy)));
    const row = queueUp(wishes, workers);
    const [, lost, assignment] = await together(() => [
      writeReports(jobs, policy),
      lockHeld(telling(wishes, workers)),
      assignJobs(row, policy),
    ]);
    events.push(...(await loseJobs(lost, policy, (job) => `${job.workerName} had lost it`)));
    events.push(...assignmentEvents(row, assignment));
    const info = asks.some(({ request }) => request.kind === "archive-info")
      ? await archiveInfo(uploadUrl)
      : "";
    await emitEvents(events);
    const replies = new Map<Ask, string>();
    reports.forEach((report, place) => replies.set(report, taken[place] ?? ""));
    for (const wish of wishes) replies.set(wish, ownWorker(wish, workers) ? NO_JOB : NOT_YOU);
    assignment.jobs.forEach((job, place) => {
      const { ask } = row[place] ?? {};
      if (job !== null && ask !== undefined) replies.set(ask, jsonReply(job));
    });
    return asks.map((ask) => replies.get(ask) ?? info);
  });
}

/** A worker that gets a job if there is one for it. */
interface Queued extends Wish {
  ask: JobAsk;
  name: string;
}

/** Those who asked and may get something, in order. */
function queueUp(asks: readonly JobAsk[], workers: Workers): Queued[] {
  return asks.flatMap((ask) => {
    const worker = ownWorker(ask, workers);
    if (worker?.eligible !== true) return [];
    const { accepts, architectures } = ask.request;
    return [{ ask, name: worker.name, worker: worker.uuid, accepts, architectures }];
  });
}

function assignmentEvents(row: readonly Queued[], { jobs, broken }: Assignment): JobEvent[] {
  const assigned = jobs.flatMap((job, place) => {
    const { worker, name } = row[place] ?? {};
    if (job === null || worker === undefined || name === undefined) return [];
    return [assignedEvent(job, { id: worker, name })];
  });
  return [...broken.map(({ job, reason }) => terminatedEvent(job, reason)), ...assigned];
}

type Workers = Map<string, RegisteredWorker>;

/** The worker that asks, unless it came under another key than its own. */
function ownWorker({ request, identity }: JobAsk, workers: Workers): RegisteredWorker | undefined {
  const worker = workers.get(request.machine.id);
  return worker?.keyId === identity.keyId ? worker : undefined;
}

/** A worker that says what it is at has lost everything else that it was given. */
function telling(asks: readonly JobAsk[], workers: Workers): Holder[] {
  return asks.flatMap((ask) => {
    const worker = ownWorker(ask, workers);
    const { holds } = ask.request;
    return holds === null || worker === undefined ? [] : [{ worker: worker.uuid, holds }];
  });
}

/** What `giveBack` must know, of a job joined with its worker. */
export const LOST_COLUMNS = `job.uuid, module, kind, version, architecture, attempts, worker,
  worker.name as "workerName", failures`;

/** Takes jobs from workers that do not work on them any more. @returns the events that tell it */
export async function loseJobs(
  lost: readonly LostJob[],
  policy: JobPolicy,
  why: (job: LostJob) => string,
): Promise<JobEvent[]> {
  const fates = await giveBack(lost, policy, why);
  return lost.flatMap((job) => {
    const gone = clientEvent("job-lost", job.uuid, { id: job.worker, name: job.workerName });
    if (fates.get(job.uuid) === "waits") return [gone];
    return [gone, terminatedEvent(job, `${job.attempts} attempts failed; ${why(job)}`)];
  });
}

/** Takes all jobs from a worker that will not finish them. @returns the events that tell it */
export async function takeAllJobs(
  worker: string,
  why: (job: LostJob) => string,
): Promise<JobEvent[]> {
  return loseJobs(await lockHeld([{ worker, holds: [] }]), await loadPolicy(), why);
}

/** A worker and the jobs that it is at. */
interface Holder {
  worker: string;
  holds: readonly string[];
}

/** The jobs that workers were given, but for those that they hold. */
async function lockHeld(workers: readonly Holder[]): Promise<LostJob[]> {
  if (workers.length === 0) return [];
  const held = workers.flatMap(({ worker, holds }) => holds.map((job) => ({ worker, job })));
  return database().prepared<LostJob>(
    `select ${LOST_COLUMNS}
       from job join worker on worker.uuid = job.worker
      where job.worker = any($1) and status in ('scheduled', 'running')
        and not exists (select from unnest($2::uuid[], $3::uuid[]) as held (worker, job)
                         where held.worker = job.worker and held.job = job.uuid)
      order by job.uuid for update of job`,
    [
      workers.map(({ worker }) => worker),
      held.map(({ worker }) => worker),
      held.map(({ job }) => job),
    ],
  );
}

/** Which repositories there are and where their packages are uploaded to. */
async function archiveInfo(uploadUrl: string): Promise<string> {
  const [, method = null, fqdn = null] = /^(https?):\/\/(.+?)\/*$/.exec(uploadUrl) ?? [];
  const rows = await database().query<{ name: string }>("select name from repository");
  const upload = { upload_fqdn: fqdn, upload_method: method };
  const repositories = Object.fromEntries(rows.map(({ name }) => [name, upload]));
  return jsonReply({ archive_repos: repositories });
}

function isReport(ask: Ask): ask is Ask & { request: Report } {
  return ask.request.kind !== "job" && ask.request.kind !== "archive-info";
}

function isJobAsk(ask: Ask): ask is JobAsk {
  return ask.request.kind === "job";
}
