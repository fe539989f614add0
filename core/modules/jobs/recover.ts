import { database } from "../../database/connect.ts";
import {
  CLOCK_SECONDS,
  type RecoverySource,
  type RecoveryWindow,
  type UntoldEvent,
} from "../recovery.ts";
import {
  assignedEvent,
  clientEvent,
  finishedEvent,
  type JobEvent,
  terminatedEvent,
} from "./announce.ts";
import { loadPolicy } from "./policy.ts";

interface Row {
  event: "job-assigned" | "job-accepted" | "job-finished" | "job-terminated";
  uuid: string;
  module: string;
  kind: string;
  version: string | null;
  architecture: string;
  result: string;
  reason: string | null;
  fence: string;
  at: Date;
  workerId: string | null;
  workerName: string | null;
}

/**
 * Jobs that were given out, accepted, finished or given up without a word. What a job was before it
 * waited again leaves no trace: `job-rejected` and `job-lost` cannot be told again.
 */
export const jobRecovery: RecoverySource = {
  name: "jobs",
  summary: "jobs that a worker was given or works on, that ended, or were given up",
  tags: [
    "_lk.jobs.job-assigned",
    "_lk.jobs.job-accepted",
    "_lk.jobs.job-finished",
    "_lk.jobs.job-terminated",
  ],
  async find({ from, until, limit }: RecoveryWindow): Promise<UntoldEvent[]> {
    const rows = await database().query<Row>(UNTOLD, [from, until, limit]);
    const { indepArchitecture: indep } = await loadPolicy();
    return rows.map((row) => ({
      ...eventOf(row, indep),
      key: `${row.event}/${row.uuid}/${row.fence}`,
      time: row.at,
    }));
  },
};

function eventOf(row: Row, indep: string): JobEvent {
  const client = { id: row.workerId ?? "", name: row.workerName ?? "" };
  switch (row.event) {
    case "job-assigned": {
      const architecture = row.architecture === "all" ? indep : row.architecture;
      return assignedEvent({ ...row, architecture }, client);
    }
    case "job-accepted":
      return clientEvent("job-accepted", row.uuid, client);
    case "job-finished":
      return finishedEvent(row.uuid, client, row.result);
    default:
      return terminatedEvent(row, row.reason ?? "");
  }
}

/** What tells that a job ended: its worker's report, or what became of its upload. */
const ENDS = `array['_lk.jobs.job-finished', '_lk.archive.package-build-success',
  '_lk.archive.package-build-failed', '_lk.isotope.image-build-success',
  '_lk.isotope.image-build-failed', '_lk.rubicon.job-upload-accepted']`;

/** A job that is done was perhaps accepted; only that of one that runs is certain. */
const UNTOLD = `
  with told as materialized (
    select tag, data ->> 'job_id' as job, received_at
      from event
     where received_at > $1::timestamptz - interval '${CLOCK_SECONDS} seconds'
       and tag = any (${ENDS} || array['_lk.jobs.job-assigned', '_lk.jobs.job-accepted',
                                        '_lk.jobs.job-terminated'])
  ), traced as (
    select 'job-assigned' as event, assigned_at as at, array['_lk.jobs.job-assigned'] as tags, job.*
      from job where status in ('scheduled', 'running')
    union all
    select 'job-assigned', assigned_at, array['_lk.jobs.job-assigned'], job.*
      from job where finished_at > $1 and status = 'done'
    union all
    select 'job-accepted', assigned_at, array['_lk.jobs.job-accepted'], job.*
      from job where status = 'running'
    union all
    select 'job-finished', finished_at, ${ENDS}, job.*
      from job where finished_at > $1 and status = 'done'
    union all
    select 'job-terminated', finished_at, array['_lk.jobs.job-terminated'], job.*
      from job where finished_at > $1 and status = 'terminated'
  )
  select event, traced.uuid, module, kind, version, architecture, result, reason, fence, at,
         worker.uuid as "workerId", worker.name as "workerName"
    from traced left join worker on worker.uuid = traced.worker
   where at > $1 and at <= $2 and (worker.uuid is not null or event = 'job-terminated')
     and not exists (
       select from told
        where told.job = traced.uuid::text and told.tag = any (traced.tags)
          and told.received_at >= at - interval '${CLOCK_SECONDS} seconds')
   order by at, event, traced.uuid limit $3`;
