import { z } from "zod";
import { database, inTransaction } from "../../database/connect.ts";
import { emitEvents } from "../../events/emit.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import type { Job } from "../../model/job.ts";
import { addJobs, retryJobs, terminateJobs } from "../../model/job-store.ts";
import { type Answer, declareOperation } from "../../operation/declare.ts";
import { terminatedEvent } from "./announce.ts";
import { jobTitle, shortId } from "./describe-job.ts";
import { findJob } from "./find.ts";
import { JOB_KINDS, jobData } from "./job-object.ts";
import { JobId } from "./operation-job.ts";

const jobs = z
  .array(JobId)
  .min(1)
  .max(100)
  .meta({ description: "ids of the jobs", positional: true });

export const jobRetry = declareOperation({
  name: "job retry",
  summary: "let jobs that ended or wait be tried at once, their past attempts forgotten",
  examples: ["job retry 9b6bd980"],
  parameters: z.object({ jobs }),
  role: "operator",
  kind: "act",
  async run(_context, { jobs: ids }) {
    return each(ids, retryJobs, "waits for a worker", "is being worked on already");
  },
});

export const jobCancel = declareOperation({
  name: "job cancel",
  summary: "give jobs up; a worker that has one is told at its next word",
  examples: ["job cancel 9b6bd980"],
  parameters: z.object({ jobs }),
  role: "operator",
  kind: "act",
  run({ caller }, { jobs: ids }) {
    return inTransaction(async () => {
      const reason = `cancelled by ${caller.name}`;
      const cancelled: Job[] = [];
      const answer = await each(
        ids,
        async (uuids) => terminateJobs(uuids, reason),
        "was given up",
        "has ended already",
        cancelled,
      );
      await emitEvents(cancelled.map((job) => terminatedEvent(job, reason)));
      return answer;
    });
  },
});

export const jobPrioritize = declareOperation({
  name: "job prioritize",
  summary: "let a job come sooner or later; a point is worth twelve hours of waiting",
  examples: ["job prioritize 9b6bd980 5", "job prioritize 9b6bd980 -- -5"],
  parameters: z.object({
    job: JobId.meta({ description: "id of the job", positional: true }),
    priority: z
      .int()
      .min(-20)
      .max(20)
      .meta({ description: "-20 to 20, higher is sooner; 0 is usual", positional: true }),
  }),
  role: "operator",
  kind: "act",
  async run(_context, { job: id, priority }) {
    const job = await findJob(id);
    await database().query("update job set priority = $2 where uuid = $1", [job.uuid, priority]);
    const headline = [{ strong: jobTitle(job) }, ` has priority ${priority} now.`];
    const data = { uuid: job.uuid, priority, before: job.priority };
    return { messages: [{ tone: "good", headline }], data };
  },
});

export const jobAdd = declareOperation({
  name: "job add",
  summary: "add a job by hand",
  description:
    "Adds a job for a worker. The data is JSON as the worker reads it: for package-build " +
    "package_name, package_version, maintainer, suite, dsc_url and sha256sum; for os-image-build " +
    "image_format, git_url, distribution, suite, environment, style and architecture.",
  examples: [
    `job add os-image-build '{"image_format":"iso","git_url":"https://git.example.org/x.git","distribution":"PureOS","suite":"landing","environment":"gnome","style":"live"}' --architecture amd64`,
  ],
  parameters: z.object({
    kind: z
      .string()
      .min(1)
      .max(255)
      .meta({ description: JOB_KINDS.join(", "), positional: true }),
    data: z.string().meta({ description: "JSON object", positional: true }),
    architecture: z.string().default("any").meta({ description: "of the worker; all, any" }),
    repository: z.string().optional().meta({ description: "where the result goes" }),
    version: z.string().optional().meta({ description: "of the package" }),
    priority: z.int().min(-20).max(20).default(0).meta({ description: "higher is sooner" }),
  }),
  role: "admin",
  kind: "act",
  async run(_context, { kind, data: text, architecture, repository, version, priority }) {
    const data = readData(text);
    const checked = jobData({ kind, architecture, data }, "");
    if ("broken" in checked) throw badData(`${kind} cannot be done: ${checked.broken}.`);
    const module = kind === "os-image-build" ? "isotope" : "ariadne";
    const suite = typeof data["suite"] === "string" ? data["suite"] : null;
    const [uuid = ""] = await addJobs([
      {
        module,
        kind,
        data,
        architecture,
        priority,
        suite,
        repository: repository ?? null,
        version: version ?? null,
      },
    ]);
    const headline = ["Job ", { code: uuid }, " waits for a worker."];
    return { messages: [{ tone: "good", headline }], data: { uuid } };
  },
});

/** Does something to each job and says for each whether it was done. */
async function each(
  ids: readonly string[],
  act: (uuids: string[]) => Promise<string[]>,
  did: string,
  didNot: string,
  changed: Job[] = [],
): Promise<Answer> {
  const messages: Message[] = [];
  const data: { uuid: string; changed: boolean }[] = [];
  for (const id of ids) {
    const job = await findJob(id);
    const done = (await act([job.uuid])).length > 0;
    if (done) changed.push(job);
    data.push({ uuid: job.uuid, changed: done });
    messages.push({
      tone: done ? "good" : "attention",
      headline: [{ strong: jobTitle(job) }, ` (${shortId(job.uuid)}) ${done ? did : didNot}.`],
    });
  }
  return { messages, data, failed: data.every((one) => !one.changed) };
}

function readData(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  throw badData("The data of a job is a JSON object.");
}

function badData(sentence: string): OperatorError {
  return new OperatorError("JOB_DATA", sentence, "See the fields of each kind: job add --help", {
    exitStatus: 2,
  });
}
