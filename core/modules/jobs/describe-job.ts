import prettyMilliseconds from "pretty-ms";
import type { Inline, Message, Tone } from "../../message.ts";
import type { Job, JobResult, JobStatus } from "../../model/job.ts";

const TONES: Record<JobResult, Tone> = {
  unknown: "neutral",
  "success-pending": "good",
  success: "good",
  "failure-dependency": "attention",
  "failure-pending": "bad",
  failure: "bad",
};

const RESULTS: Partial<Record<JobResult, string>> = {
  "success-pending": "succeeded; its upload is not verified yet",
  success: "succeeded",
  "failure-pending": "failed; its upload is not verified yet",
  failure: "failed",
};

/** The short form of a job's id that people type; it is enough as long as it is unique. */
export function shortId(uuid: string): string {
  return uuid.slice(0, 8);
}

/** What a job is for: `hello 2.10-1 for amd64`, or its kind where it is no package's. */
export function jobTitle(job: Job): string {
  const what = job.package ?? job.kind;
  return `${what}${job.version === null ? "" : ` ${job.version}`} for ${job.architecture}`;
}

/** Where a job stands, in words. @param worker name of the worker that has or had it */
export function standing(job: Job, worker: string | undefined, now: Date): string {
  const by = worker === undefined ? "" : ` on ${worker}`;
  const status: JobStatus = job.status;
  const result: JobResult = job.result;
  switch (status) {
    case "waiting":
      return job.readyAt > now
        ? `pauses for ${period(job.readyAt, now)} after ${job.attempts} attempts`
        : `waits for a worker since ${period(job.createdAt, now)}`;
    case "depwait":
      return "waits for a dependency";
    case "scheduled":
      return `was given out${by}`;
    case "running":
      return `runs${by} since ${period(job.assignedAt ?? now, now)}`;
    case "done":
      return `${RESULTS[result] ?? "ended"}${by}`;
    default:
      return "was given up";
  }
}

/** Everything about one job that people ask for. */
export function jobMessage(job: Job, worker: string | undefined, now: Date): Message {
  const headline: Inline[] = [{ strong: jobTitle(job) }, ` ${standing(job, worker, now)}`];
  const details: Inline[][] = [["Job ", { code: job.uuid }, `, priority ${job.priority}`]];
  if (job.suite !== null) details.push([`for ${job.repository ?? "?"}:${job.suite}`]);
  if (job.reason !== null) details.push([job.reason]);
  const result: JobResult = job.result;
  const ended = job.status === "done" || job.status === "terminated";
  return {
    tone: job.status === "terminated" ? "bad" : TONES[result],
    headline,
    details,
    ...(job.logExcerpt === null ? {} : { quote: lastLines(job.logExcerpt) }),
    ...(ended && !result.startsWith("success")
      ? { next: [{ code: `job retry ${shortId(job.uuid)}` }] }
      : {}),
  };
}

/** Many jobs, one a line. */
export function jobTable(jobs: Job[], workers: Map<string, string>, now: Date): Message {
  if (jobs.length === 0) return { tone: "neutral", headline: ["There is no such job."] };
  const columns = ["job", "what", "suite", "priority", "state"];
  const rows = jobs.map((job) => [
    shortId(job.uuid),
    jobTitle(job),
    job.suite ?? "",
    String(job.priority),
    standing(job, workers.get(job.worker ?? ""), now),
  ]);
  return { tone: "neutral", headline: ["Jobs:"], table: { columns, rows } };
}

/** Roughly how far apart, in one unit: `3d`. */
export function period(from: Date, to: Date): string {
  return prettyMilliseconds(Math.abs(to.getTime() - from.getTime()), { compact: true });
}

const SHOWN_LINES = 12;

function lastLines(text: string): string {
  return text.trimEnd().split(/\r?\n/).slice(-SHOWN_LINES).join("\n");
}
