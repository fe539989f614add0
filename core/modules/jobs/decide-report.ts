import type { JobResult, JobStatus } from "../../model/job.ts";
import type { ReportKind } from "./request.ts";

/** A job as far as a report can change it. */
export interface HeldJob {
  status: JobStatus;
  result: JobResult;
  /** The worker it was given to. */
  worker: string | null;
  attempts: number;
}

/** What becomes of a report. */
export type ReportDecision =
  /** The worker has no business with the job. */
  | { kind: "foreign" }
  /** Known already, or overtaken by something final: answered, nothing changes. */
  | { kind: "known" }
  | { kind: "alive" }
  | { kind: "accepted" }
  | { kind: "finished"; result: "success-pending" | "failure-pending" }
  | { kind: "given-back" };

/**
 * What a report of a worker does to a job. Only the worker that has the job may say anything of it:
 *
 * scheduled: accepted → running; rejected → given back; success, failure → done (pending); status
 * keeps it. running: the same, and accepted again is known. done: the same report again is known,
 * a final result stays whatever the worker says later. depwait, terminated, waiting: the job is no
 * longer that worker's, but for the one who had it and whose upload made it wait for a dependency.
 */
export function decideReport(job: HeldJob, report: ReportKind, worker: string): ReportDecision {
  if (job.worker !== worker) return { kind: "foreign" };
  switch (job.status) {
    case "scheduled":
    case "running":
      return decideOpen(job, report);
    case "done":
    case "depwait":
      // Uploads come first and reports after them, so the final result is often there already.
      return report === "job-success" || report === "job-failed"
        ? { kind: "known" }
        : { kind: "foreign" };
    default:
      return { kind: "foreign" };
  }
}

function decideOpen(job: HeldJob, report: ReportKind): ReportDecision {
  switch (report) {
    case "job-accepted":
      return { kind: job.status === "running" ? "known" : "accepted" };
    case "job-rejected":
      return { kind: "given-back" };
    case "job-status":
      return { kind: "alive" };
    case "job-success":
      return { kind: "finished", result: "success-pending" };
    default:
      return { kind: "finished", result: "failure-pending" };
  }
}

/** Minutes before a job is given out again: 1, 2, 4 … at most an hour. */
export function backOffMinutes(attempts: number): number {
  return Math.min(2 ** Math.max(attempts - 1, 0), 60);
}

/** A worker may give back or lose so many jobs in a row before it is passed over for a while. */
const PATIENCE = 5;

/** Minutes for which a worker gets nothing: none at first, then 5, 10, 20 … at most a day. */
export function pauseMinutes(failures: number): number {
  return failures < PATIENCE ? 0 : Math.min(5 * 2 ** (failures - PATIENCE), 1_440);
}
