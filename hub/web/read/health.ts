import { database } from "../../../core/database/connect.ts";
import { stoppedChannels } from "../../channel-stop.ts";
import type { Health, HealthCheck } from "../health.ts";

/** What waits longer than this is not being worked on. */
const PATIENCE_S = 30;

/**
 * Health as the database tells it: each part leaves work undone when it is not there, in whatever
 * process and on whatever machine it runs.
 */
export const databaseChecks: readonly HealthCheck[] = [
  {
    name: "database",
    async check() {
      await database().query("select 1");
      return { state: "ok", detail: "answers" };
    },
  },
  {
    name: "lighthouse",
    check: () =>
      waiting("select min(received_at) as oldest from event where published_at is null", "events"),
  },
  {
    name: "hub",
    check: () =>
      waiting("select min(received_at) as oldest from event where routed_at is null", "events"),
  },
  {
    name: "dispatcher",
    async check() {
      const stopped = await stoppedChannels();
      const [first] = stopped;
      if (first !== undefined) {
        return { state: "failing", detail: `${first.channel} is stopped: ${first.reason}` };
      }
      return waiting(
        `select next_attempt_at as oldest, split_part(destination, ':', 1) || ' deliveries' as what
           from delivery where state = 'pending' and next_attempt_at <= now()
            and (lease_until is null or lease_until < now()) order by next_attempt_at limit 1`,
        "deliveries",
      );
    },
  },
  {
    name: "runner",
    check: () =>
      waiting(
        `select min(created_at) as oldest from operation waiting where state = 'queued'
           and not exists (select from operation where state = 'running')`,
        "operations",
      ),
  },
];

async function waiting(sql: string, what: string): Promise<Health> {
  const [row] = await database().query<{ oldest: Date | null; what?: string; now: Date }>(
    `select found.*, now() from (${sql}) found`,
  );
  const seconds = row?.oldest ? Math.floor((+row.now - +row.oldest) / 1000) : 0;
  if (seconds <= PATIENCE_S) return { state: "ok", detail: `no ${what} wait` };
  return { state: "failing", detail: `${row?.what ?? what} have waited for ${seconds} s` };
}
