import { z } from "zod";
import { declareEvent, type Story } from "../../events/declare.ts";
import { architecture, line, seeJob, shortJob, strong } from "../../events/phrases.ts";

/** What all job events say; the package or image behind a job is not among it. */
const Job = { job_id: z.string(), client_name: z.string(), client_id: z.string().optional() };

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
  render: (data, links) => {
    const worker = strong(data.client_name);
    const job = line`${data.job_kind} job ${shortJob(data.job_id)}`;
    return {
      tone: "neutral",
      headline: line`Worker ${worker} was given ${job} for ${architecture(data.job_architecture)}`,
      ...seeJob(data.job_id, links),
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
  render: (data, links) => ({
    tone: "neutral",
    headline: line`Worker ${strong(data.client_name)} works on job ${shortJob(data.job_id)}`,
    ...seeJob(data.job_id, links),
  }),
});

export const jobRejected = declareEvent({
  tag: "_lk.jobs.job-rejected",
  summary: "a worker gave its job back, perhaps after it had begun",
  schema: z.looseObject(Job),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "rejected"),
  render: (data, links) => ({
    tone: "attention",
    headline: line`Worker ${strong(data.client_name)} rejected job ${shortJob(data.job_id)}`,
    details: [["The job waits for a worker again."]],
    ...seeJob(data.job_id, links),
  }),
});

export const jobFinished = declareEvent({
  tag: "_lk.jobs.job-finished",
  summary: "a worker reported success or failure; what it uploads makes that final",
  schema: z.looseObject({ ...Job, result: z.string() }),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "ended"),
  render: (data, links) => {
    const job = shortJob(data.job_id);
    const worker = strong(data.client_name);
    const next = seeJob(data.job_id, links);
    switch (data.result) {
      case "success-pending":
      case "success":
        return { tone: "good", headline: line`Job ${job} succeeded on worker ${worker}`, ...next };
      case "failure-pending":
      case "failure":
      case "failure-dependency":
        return { tone: "bad", headline: line`Job ${job} failed on worker ${worker}`, ...next };
      default:
        return {
          tone: "neutral",
          headline: line`Job ${job} ended on worker ${worker} as ${data.result}`,
          ...next,
        };
    }
  },
});

export const jobLost = declareEvent({
  tag: "_lk.jobs.job-lost",
  summary: "a worker fell silent, or has forgotten its job; the job was taken from it",
  schema: z.looseObject(Job),
  audience: "people",
  subject: () => ({}),
  story: (data) => jobStory(data.job_id, "lost"),
  render: (data, links) => ({
    tone: "attention",
    headline: line`Worker ${strong(data.client_name)} lost job ${shortJob(data.job_id)}`,
    ...seeJob(data.job_id, links),
  }),
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
  render: (data, links) => {
    const job = line`${data.job_kind} job ${shortJob(data.job_id)}`;
    return {
      tone: "bad",
      headline: line`The ${job} for ${architecture(data.job_architecture)} was given up`,
      details: [line`${data.reason}`],
      ...seeJob(data.job_id, links),
    };
  },
});

function jobStory(id: string, did: string): Story {
  return { object: `job/${id}`, continues: true, did };
}
