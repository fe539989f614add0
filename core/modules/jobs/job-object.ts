import { z } from "zod";

/** What assignment reads of a job. */
export interface WaitingJob {
  uuid: string;
  module: string;
  kind: string;
  version: string | null;
  architecture: string;
  repository: string | null;
  data: Record<string, unknown>;
  /** UTC without zone, to the microsecond: `2026-11-22T12:19:38.163820`. */
  created: string;
}

/** A job as its worker reads it. */
export interface JobObject {
  uuid: string;
  module: string;
  kind: string;
  version: string | null;
  architecture: string;
  time_created: string;
  repo: string | null;
  data: Record<string, unknown>;
}

const Words = z.string().min(1);

/** What the data of each kind must say; other kinds pass as they are. */
const KINDS: Record<string, z.ZodObject> = {
  "package-build": z.object({
    package_name: Words,
    package_version: Words,
    maintainer: z.string(),
    suite: Words,
    dsc_url: Words,
    sha256sum: Words,
    do_indep: z.boolean().default(false),
  }),
  "os-image-build": z.object({
    image_format: Words,
    git_url: Words,
    distribution: z.string(),
    suite: z.string(),
    environment: z.string(),
    style: z.string().nullable().default(null),
    architecture: Words,
  }),
};

export const JOB_KINDS: readonly string[] = Object.keys(KINDS);

/**
 * A job as it goes to a worker: arch:all becomes the architecture that builds it, and where that is
 * built its arch:all parts are built too.
 *
 * @param indep the architecture that builds arch:all
 * @returns the object, or why nobody can do the job
 */
export function jobObject(job: WaitingJob, indep: string): JobObject | { broken: string } {
  const data = jobData(job, indep);
  if ("broken" in data) return data;
  return {
    uuid: job.uuid,
    module: job.module,
    kind: job.kind,
    version: job.version,
    architecture: job.architecture === "all" ? indep : job.architecture,
    // Python writes no fraction where there is none.
    time_created: job.created.replace(/\.000000$/, ""),
    repo: job.repository,
    data: data.fields,
  };
}

/** The fields of a job's data that its kind has, or what is missing or wrong among them. */
export function jobData(
  job: Pick<WaitingJob, "kind" | "architecture" | "data">,
  indep: string,
): { fields: Record<string, unknown> } | { broken: string } {
  const schema = KINDS[job.kind];
  if (schema === undefined) return { fields: job.data };
  const given =
    job.kind === "os-image-build" ? { architecture: job.architecture, ...job.data } : job.data;
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const missing = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".")))];
    return { broken: `its ${job.kind} data has no usable ${missing.join(", ")}` };
  }
  const fields: Record<string, unknown> = parsed.data;
  if (job.kind === "package-build") {
    const here = job.architecture === "all" || job.architecture === indep;
    fields["do_indep"] = fields["do_indep"] === true || here;
  }
  return { fields };
}
