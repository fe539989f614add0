import { database } from "../../database/connect.ts";

/** What the distribution decided about its jobs. */
export interface JobPolicy {
  /** Builds arch:all. */
  indepArchitecture: string;
  /** After so many a job is given up. */
  maxAttempts: number;
  /** How long a worker may be silent that promised no heartbeat. */
  leaseMinutes: number;
}

export async function loadPolicy(): Promise<JobPolicy> {
  const [row] = await database().prepared<JobPolicy>(
    `select indep_architecture as "indepArchitecture", max_attempts as "maxAttempts",
            lease_minutes as "leaseMinutes"
       from job_policy`,
  );
  if (row === undefined) throw new Error("the table job_policy has lost its row");
  return row;
}

export async function storePolicy(policy: JobPolicy): Promise<void> {
  await database().query(
    "update job_policy set indep_architecture = $1, max_attempts = $2, lease_minutes = $3",
    [policy.indepArchitecture, policy.maxAttempts, policy.leaseMinutes],
  );
}

/** A worker that was given a job accepts it within seconds. */
export const ACCEPT_SECONDS = 120;

/** Seconds for which a word of a worker keeps its job: three heartbeats, if it promised them. */
export function leaseSeconds(heartbeat: number | null, policy: JobPolicy): number {
  return heartbeat === null ? policy.leaseMinutes * 60 : Math.max(heartbeat * 3, 30);
}
