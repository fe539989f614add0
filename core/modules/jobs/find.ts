import { database } from "../../database/connect.ts";
import { OperatorError } from "../../errors.ts";
import { Job, Worker } from "../../model/job.ts";

/**
 * The job that somebody means by an id or its beginning.
 *
 * @throws OperatorError `JOB_UNKNOWN`, `JOB_AMBIGUOUS`
 */
export async function findJob(beginning: string): Promise<Job> {
  const rows = await database().query<{ uuid: string }>(
    // A range of the primary key, however long the table is.
    `select uuid from job
      where uuid >= rpad($1, 32, '0')::uuid and uuid <= rpad($1, 32, 'f')::uuid limit 2`,
    [beginning.toLowerCase().replaceAll("-", "")],
  );
  const [found, another] = rows;
  if (another !== undefined) {
    throw new OperatorError(
      "JOB_AMBIGUOUS",
      `Several jobs begin with ${beginning}.`,
      "Give more of the id.",
    );
  }
  const job = found && (await Job.findByPk(found.uuid));
  if (job) return job;
  throw new OperatorError(
    "JOB_UNKNOWN",
    `There is no job ${beginning}.`,
    "See which there are: job list",
  );
}

/** A worker by its name or its id. @throws OperatorError `WORKER_UNKNOWN` */
export async function findWorker(name: string): Promise<Worker> {
  const workers = await Worker.findAll({ order: ["name", "uuid"] });
  const found = workers.find((one) => one.name === name || one.uuid === name.toLowerCase());
  if (found !== undefined) return found;
  throw new OperatorError(
    "WORKER_UNKNOWN",
    `There is no worker ${name}.`,
    "See which there are: spark list",
  );
}

/** Names of workers by their ids. */
export async function workerNames(jobs: readonly Job[]): Promise<Map<string, string>> {
  const ids = jobs.flatMap((job) => (job.worker === null ? [] : [job.worker]));
  if (ids.length === 0) return new Map();
  const workers = await Worker.findAll({ where: { uuid: [...new Set(ids)] } });
  return new Map(workers.map((worker) => [worker.uuid, worker.name]));
}
