import { setTimeout as sleep } from "node:timers/promises";
import { database, inTransaction } from "../../database/connect.ts";
import { asError } from "../../errors.ts";
import { emitEvents } from "../../events/emit.ts";
import type { Log } from "../../log.ts";
import type { LostJob } from "./give-back.ts";
import { loadPolicy } from "./policy.ts";
import { LOST_COLUMNS, loseJobs } from "./serve.ts";

const SWEEP_MS = 5_000;
/** A gap longer than this means that nobody listened. */
const GAP_SECONDS = 30;
const BATCH = 200;

/** Looks for workers that fell silent, as long as it runs. */
export interface Sweeper {
  start(): void;
  stop(): Promise<void>;
}

export function createSweeper(log: Log): Sweeper {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const lost = await sweepLeases();
        if (lost > 0) log.warn({ jobs: lost }, "workers fell silent; their jobs wait again");
      } catch (thrown) {
        log.warn({ reason: asError(thrown).message }, "cannot look after the leases of jobs");
      }
      await sleep(SWEEP_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    start() {
      loop = run();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/**
 * Gives jobs back whose workers were silent for longer than their lease. Time in which no
 * Lighthouse listened is added to all leases first: workers could not be heard then.
 *
 * @returns how many
 */
export async function sweepLeases(): Promise<number> {
  let count = 0;
  let found: number;
  do {
    found = await inTransaction(async () => {
      await allowForGap();
      const lost = await database().query<LostJob>(
        `select ${LOST_COLUMNS}
           from job join worker on worker.uuid = job.worker
          where status in ('scheduled', 'running') and lease_until < now()
          order by lease_until limit ${BATCH} for update of job skip locked`,
      );
      if (lost.length === 0) return 0;
      const policy = await loadPolicy();
      const events = await loseJobs(lost, policy, (job) => `${job.workerName} fell silent`);
      await emitEvents(events);
      return lost.length;
    });
    count += found;
  } while (found === BATCH);
  return count;
}

async function allowForGap(): Promise<void> {
  // Locks the one row, so that of several Lighthouses one at a time sweeps.
  const [row] = await database().query<{ gap: number }>(
    `select extract(epoch from now() - watched_at)::float8 as gap from job_policy for update`,
  );
  const gap = row?.gap ?? 0;
  await database().query("update job_policy set watched_at = now()");
  if (gap <= GAP_SECONDS) return;
  await database().query(
    `update job set lease_until = lease_until + $1 * interval '1 second'
      where status in ('scheduled', 'running')`,
    [gap],
  );
}
