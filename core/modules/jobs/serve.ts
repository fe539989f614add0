import { database, inTransaction } from "../../database/connect.ts";
import { emitEvents } from "../../events/emit.ts";
import { assignedEvent, clientEvent, type JobEvent, terminatedEvent } from "./announce.ts";
import { assignJobs } from "./assign.ts";
import { giveBack, type LostJob } from "./give-back.ts";
import { type JobPolicy, loadPolicy } from "./policy.ts";
import { type Identity, type RegisteredWorker, registerWorkers } from "./register.ts";
import { errorReply, jsonReply, NO_JOB } from "./reply.ts";
import type { JobRequest, Report, WorkerRequest } from "./request.ts";
import { takeReports } from "./take-reports.ts";

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
    const policy = await loadPolicy();
    const reports = asks.filter(isReport);
    const wishes = asks.filter(isJobAsk);
    const taken = await takeReports(reports, policy);
    const given = await giveJobs(wishes, policy);
    const info = asks.some(({ request }) => request.kind === "archive-info")
      ? await archiveInfo(uploadUrl)
      : "";
    await emitEvents([...taken.events, ...given.events]);
    const replies = new Map<Ask, string>();
    reports.forEach((report, place) => replies.set(report, taken.replies[place] ?? ""));
    wishes.forEach((wish, place) => replies.set(wish, given.replies[place] ?? NO_JOB));
    return asks.map((ask) => replies.get(ask) ?? info);
  });
}

async function giveJobs(
  asks: readonly JobAsk[],
  policy: JobPolicy,
): Promise<{ replies: string[]; events: JobEvent[] }> {
  if (asks.length === 0) return { replies: [], events: [] };
  const workers = await registerWorkers(asks);
  const events = await takeBackLost(asks, workers, policy);
  const known = asks.map(({ request, identity }) => {
    const worker = workers.get(request.machine.id);
    return worker?.keyId === identity.keyId ? worker : undefined;
  });
  const served = asks.flatMap(({ request }, place) => {
    const worker = known[place];
    return worker?.eligible === true ? [{ request, worker, place }] : [];
  });
  const replies = known.map((worker) => (worker === undefined ? NOT_YOU : NO_JOB));
  const { jobs, broken } = await assignJobs(
    served.map(({ request, worker }) => ({ ...request, worker: worker.uuid })),
    policy,
  );
  events.push(...broken.map(({ job, reason }) => terminatedEvent(job, reason)));
  jobs.forEach((job, index) => {
    const { worker, place } = served[index] ?? {};
    if (job === null || worker === undefined || place === undefined) return;
    replies[place] = jsonReply(job);
    events.push(assignedEvent(job, { id: worker.uuid, name: worker.name }));
  });
  return { replies, events };
}

/** A worker that says what it is at has lost everything else that it was given. */
async function takeBackLost(
  asks: readonly JobAsk[],
  workers: Map<string, RegisteredWorker>,
  policy: JobPolicy,
): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for (const { request, identity } of asks) {
    const worker = workers.get(request.machine.id);
    if (request.holds === null || worker?.keyId !== identity.keyId) continue;
    const lost = await lockHeld(worker.uuid, request.holds);
    events.push(...(await loseJobs(lost, policy, (job) => `${job.workerName} had lost it`)));
  }
  return events;
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
  return loseJobs(await lockHeld(worker, []), await loadPolicy(), why);
}

/** The jobs that a worker has, but for some. */
function lockHeld(worker: string, but: readonly string[]): Promise<LostJob[]> {
  return database().query<LostJob>(
    `select ${LOST_COLUMNS}
       from job join worker on worker.uuid = job.worker
      where job.worker = $1 and status in ('scheduled', 'running') and job.uuid <> all($2)
      order by job.uuid for update of job`,
    [worker, but],
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
