import type { LostJob } from "./give-back.ts";
import type { JobObject } from "./job-object.ts";

/** An event to emit with the change that it tells of. */
export interface JobEvent {
  tag: string;
  data: Record<string, unknown>;
}

/** Who worked, or did not. */
export interface Client {
  id: string;
  name: string;
}

export function assignedEvent(
  job: Pick<JobObject, "uuid" | "module" | "kind" | "version" | "architecture">,
  client: Client,
): JobEvent {
  return {
    tag: "_lk.jobs.job-assigned",
    data: {
      job_id: job.uuid,
      client_name: client.name,
      client_id: client.id,
      job_module: job.module,
      job_kind: job.kind,
      job_version: job.version,
      job_architecture: job.architecture,
    },
  };
}

/** `job-accepted`, `job-rejected`, `job-lost`: all that they say is which job and which worker. */
export function clientEvent(
  event: "job-accepted" | "job-rejected" | "job-lost",
  job: string,
  client: Client,
): JobEvent {
  return {
    tag: `_lk.jobs.${event}`,
    data: { job_id: job, client_name: client.name, client_id: client.id },
  };
}

export function finishedEvent(job: string, client: Client, result: string): JobEvent {
  return {
    tag: "_lk.jobs.job-finished",
    data: { job_id: job, client_name: client.name, client_id: client.id, result },
  };
}

/** A job that ended without a result, and why. */
export function terminatedEvent(
  job: Pick<LostJob, "uuid" | "module" | "kind" | "version" | "architecture">,
  reason: string,
): JobEvent {
  return {
    tag: "_lk.jobs.job-terminated",
    data: {
      job_id: job.uuid,
      job_module: job.module,
      job_kind: job.kind,
      job_version: job.version,
      job_architecture: job.architecture,
      reason,
    },
  };
}
