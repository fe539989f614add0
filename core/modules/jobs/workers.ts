import { database } from "../../database/connect.ts";

/** A worker and what it is doing. */
export interface WorkerView {
  uuid: string;
  name: string;
  owner: string | null;
  keyId: string;
  enabled: boolean;
  accepts: string[];
  architectures: string[];
  heartbeat: number | null;
  failures: number;
  pausedUntil: Date | null;
  createdAt: Date;
  lastPing: Date | null;
  /** Jobs that it has. */
  jobs: string[];
  state: "active" | "idle" | "silent" | "disabled";
}

/** An idle worker asks every half a minute; after so long without a word something is wrong. */
const SILENT_MINUTES = 5;

/** All workers by name, with what they are doing. */
export function loadWorkers(): Promise<WorkerView[]> {
  return database().query<WorkerView>(
    `select worker.uuid, name, owner, key_id as "keyId", enabled, accepts, architectures, heartbeat,
            failures, case when paused_until > now() then paused_until end as "pausedUntil",
            worker.created_at as "createdAt", last_ping as "lastPing", held.jobs,
            case when cardinality(held.jobs) > 0 then 'active'
                 when not enabled then 'disabled'
                 when last_ping > now() - interval '${SILENT_MINUTES} minutes' then 'idle'
                 else 'silent' end as state
       from worker cross join lateral (
         select coalesce(array_agg(job.uuid::text order by assigned_at), '{}') as jobs
           from job where job.worker = worker.uuid and status in ('scheduled', 'running')) as held
      order by name, worker.uuid`,
  );
}
