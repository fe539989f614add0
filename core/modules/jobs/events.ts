import { z } from "zod";
import { declareEvent, type Reader, type Story } from "../../events/declare.ts";
import {
  architecture,
  type Next,
  reason,
  seeJob,
  shortId,
  shortJob,
  strong,
  toDo,
  version,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline, Message } from "../../message.ts";
import { jobWords } from "./words.ts";

/** What all job events say; the package or image behind a job is not among it. */
const Job = { job_id: z.string(), client_name: z.string(), client_id: z.string().optional() };

const Finished = z.looseObject({ ...Job, result: z.string() });
type Finished = z.output<typeof Finished>;

export const jobAssigned = declareEvent({
  tag: "_lk.jobs.job-assigned",
  summary: "a worker asked for a job and was given one",
  schema: z.looseObject({
    ...Job,
    job_module: z.string().optional(),
    job_kind: z.string(),
    job_version: z.string().nullish(),
    job_architecture: z.string(),
  }),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "assigned"),
  render: (data, reader) => {
    const say = jobWords.in(reader.language);
    return {
      tone: "neutral",
      headline: say("assigned", { ...who(data), ...what(data) }),
      answers: { state: "working", acts: nobody(reader) },
      ...(data.job_version
        ? { details: [say("version", { version: version(data.job_version) })] }
        : {}),
      ...seeJob(data.job_id, reader),
    };
  },
});

export const jobAccepted = declareEvent({
  tag: "_lk.jobs.job-accepted",
  summary: "a worker accepted its job and works on it",
  schema: z.looseObject(Job),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "begun"),
  render: (data, reader) => ({
    tone: "neutral",
    headline: jobWords.in(reader.language)("accepted", who(data)),
    answers: { state: "working", acts: nobody(reader) },
    ...seeJob(data.job_id, reader),
  }),
});

export const jobRejected = declareEvent({
  tag: "_lk.jobs.job-rejected",
  summary: "a worker gave its job back, perhaps after it had begun",
  schema: z.looseObject(Job),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "rejected"),
  render: (data, reader) => {
    const say = jobWords.in(reader.language);
    return {
      tone: "attention",
      headline: say("rejected", who(data)),
      answers: { state: "waiting", acts: say("waits") },
      ...seeJob(data.job_id, reader),
    };
  },
});

export const jobFinished = declareEvent({
  tag: "_lk.jobs.job-finished",
  summary: "a worker reported success or failure; what it uploads makes that final",
  schema: Finished,
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "ended"),
  render: (data, reader) => ({ ...finished(data, reader), ...seeJob(data.job_id, reader) }),
});

export const jobLost = declareEvent({
  tag: "_lk.jobs.job-lost",
  summary: "a worker fell silent, or has forgotten its job; the job was taken from it",
  schema: z.looseObject(Job),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "lost"),
  render: (data, reader) => {
    const say = jobWords.in(reader.language);
    const acts = say("keeper", { worker: strong(data.client_name) });
    return {
      tone: "attention",
      headline: say("lost", who(data)),
      answers: { state: "waiting", why: say("silent"), acts },
      ...seeJob(data.job_id, reader),
    };
  },
});

export const jobTerminated = declareEvent({
  tag: "_lk.jobs.job-terminated",
  summary: "a job ended without a result: too many attempts failed, or nobody can do it",
  schema: z.looseObject({
    job_id: z.string(),
    job_module: z.string(),
    job_kind: z.string(),
    job_version: z.string().nullish(),
    job_architecture: z.string(),
    reason: z.string(),
  }),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "given up"),
  render: (data, reader) => {
    const { why, ...quote } = reason(data.reason) ?? {};
    const acts = eventWords.in(reader.language)("operators");
    return {
      tone: "bad",
      headline: jobWords.in(reader.language)("terminated", what(data)),
      answers: { state: "failed", ...(why === undefined ? {} : { why }), acts },
      ...quote,
      ...retry(data.job_id, reader),
    };
  },
});

function finished(data: Finished, { language }: Reader): Message {
  const say = jobWords.in(language);
  switch (data.result) {
    case "success-pending":
    case "success": {
      const answers = { state: "done" as const, acts: say("resultFollows") };
      return { tone: "good", headline: say("succeeded", who(data)), answers };
    }
    case "failure-pending":
    case "failure":
      return { tone: "bad", headline: say("failed", who(data)), answers: { state: "failed" } };
    case "failure-dependency": {
      const answers = { state: "failed" as const, why: say("dependency") };
      return { tone: "bad", headline: say("failed", who(data)), answers };
    }
    default: {
      const headline = say("ended", { ...who(data), result: data.result });
      return { tone: "neutral", headline, answers: { state: "unknown" } };
    }
  }
}

/** Which job, and which worker. */
function who(data: { job_id: string; client_name: string }): Record<string, Inline> {
  return { job: shortJob(data.job_id), worker: strong(data.client_name) };
}

/** What kind of job, and where it can be done. */
function what(data: {
  job_id: string;
  job_kind: string;
  job_architecture: string;
}): Record<string, Inline> {
  return {
    job: shortJob(data.job_id),
    kind: data.job_kind,
    architecture: architecture(data.job_architecture),
  };
}

function nobody({ language }: Reader): Inline[] {
  return eventWords.in(language)("nobody");
}

/** A job that was given up is done again when somebody asks for it. */
function retry(id: string, reader: Reader): Next {
  const label = eventWords.in(reader.language)("seeJob");
  return toDo(reader, ["job", "retry", shortId(id)], { label, path: ["jobs", "job", id] });
}

function jobStory(id: string, did: string): Story {
  return { object: `job/${id}`, continues: true, did };
}
