import { Op } from "sequelize";
import { z } from "zod";
import { Job, JOB_STATUSES } from "../../model/job.ts";
import { declareOperation } from "../../operation/declare.ts";
import { jobMessage, jobTable } from "./describe-job.ts";
import { findJob, findWorker, workerNames } from "./find.ts";

/** A job as people name it: its id, or enough of its beginning. */
export const JobId = z
  .string()
  .trim()
  .regex(/^[0-9a-f]{4,8}$|^[0-9a-f]{8}-[0-9a-f-]{0,27}$/i, "the id of a job, or its beginning");

export const jobList = declareOperation({
  name: "job list",
  summary: "jobs that wait, run and ended lately",
  examples: [
    "job list",
    "job list --status waiting --architecture arm64",
    "job list --worker anise",
  ],
  parameters: z.object({
    status: z.enum(JOB_STATUSES).optional().meta({ description: "only in this state" }),
    package: z
      .string()
      .optional()
      .meta({ description: "only of this source package", complete: "package" }),
    architecture: z.string().optional().meta({ description: "only for this architecture" }),
    worker: z.string().optional().meta({ description: "only of this worker" }),
    limit: z.int().min(1).max(1_000).default(20).meta({ description: "how many, newest first" }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { status, package: name, architecture, worker, limit }) {
    const jobs = await Job.findAll({
      where: {
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { package: name }),
        ...(architecture === undefined ? {} : { architecture }),
        ...(worker === undefined ? {} : { worker: { [Op.eq]: (await findWorker(worker)).uuid } }),
      },
      order: [["createdAt", "DESC"]],
      limit,
    });
    const names = await workerNames(jobs);
    return {
      messages: [jobTable(jobs, names, new Date())],
      data: jobs.map((job) => jobData(job, names)),
    };
  },
});

export const jobShow = declareOperation({
  name: "job show",
  summary: "one job: where it stands, who works on it, the end of its log",
  examples: ["job show 9b6bd980"],
  parameters: z.object({ job: JobId.meta({ description: "id of the job", positional: true }) }),
  role: "reader",
  kind: "answer",
  async run(_context, { job: id }) {
    const job = await findJob(id);
    const names = await workerNames([job]);
    return {
      messages: [jobMessage(job, names.get(job.worker ?? ""), new Date())],
      data: jobData(job, names),
    };
  },
});

/** A job for programs. */
export function jobData(job: Job, workers: Map<string, string>): Record<string, unknown> {
  return { ...job.get(), workerName: workers.get(job.worker ?? "") ?? null };
}
