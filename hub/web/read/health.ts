import type { Settings } from "../../../core/config.ts";
import { database } from "../../../core/database/connect.ts";
import { channelProblem } from "../../channels/watch.ts";
import { stoppedChannels } from "../../delivery/channel-stop.ts";
import type { Health, HealthCheck } from "../health.ts";
import { countOf } from "../parts/time.ts";

/** What waits longer than this is not being worked on. */
const PATIENCE_S = 30;
/** A Lighthouse says something every few seconds, and hubs note it. */
const SILENCE_S = 60;

/**
 * Health as the database tells it: each part leaves work undone when it is not there, in whatever
 * process and on whatever machine it runs.
 */
export function databaseChecks({ config }: Settings): HealthCheck[] {
  return [
    { name: "database", check: answers },
    { name: "bus", check: heard },
    { name: "lighthouse", check: () => waiting(UNPUBLISHED, "events") },
    { name: "hub", check: () => waiting(UNROUTED, "events") },
    { name: "dispatcher", check: () => waiting(UNSENT, "deliveries") },
    { name: "runner", check: () => waiting(UNSTARTED, "operations") },
    channelCheck("email", config.email.smtp !== "", "goes to the mailbox here"),
    channelCheck("matrix", config.matrix.homeserver !== "", "not configured"),
  ];
}

const UNPUBLISHED = "select min(received_at) as oldest from event_unpublished";
const UNROUTED =
  "select received_at as oldest from event where id = (select min(event_id) from event_to_route)";
const UNSENT = `
  select next_attempt_at as oldest, split_part(destination, ':', 1) || ' deliveries' as what
    from delivery where state = 'pending' and next_attempt_at <= now()
     and (lease_until is null or lease_until < now())
     and split_part(destination, ':', 1) not in (select channel from channel_stop)
   order by next_attempt_at limit 1`;
const UNSTARTED = `
  select min(created_at) as oldest from operation where state = 'queued'
     and not exists (select from operation running where running.state = 'running')`;

async function answers(): Promise<Health> {
  await database().query("select 1");
  return { state: "ok", detail: "answers" };
}

/** Failing when no Lighthouse is heard any more, or nobody listens who did. */
async function heard(): Promise<Health> {
  const rows = await database().query<{ endpoint: string; heard: Date | null; lost: boolean }>(
    `select endpoint, max(heard_at) as heard,
            bool_and(silent_since is not null
                     or coalesce(heard_at < now() - $1 * interval '1 second', false)) as lost
       from bus_source where reader like 'hub on %' group by endpoint order by endpoint`,
    [SILENCE_S],
  );
  if (rows.length === 0) return { state: "off", detail: "no hub listens" };
  const lost = rows.filter((row) => row.lost);
  const names = lost.map(({ endpoint, heard: last }) =>
    last === null ? `${endpoint} never` : `${endpoint} since ${last.toISOString()}`,
  );
  if (lost.length === 0) return { state: "ok", detail: "heard" };
  const detail = `not heard: ${names.join(", ")}`;
  return { state: lost.length === rows.length ? "failing" : "ok", detail };
}

async function waiting(sql: string, what: string): Promise<Health> {
  const [row] = await database().query<{ oldest: Date | null; what?: string; now: Date }>(
    `select found.*, now() from (${sql}) found`,
  );
  const seconds = row?.oldest ? Math.floor((+row.now - +row.oldest) / 1000) : 0;
  if (seconds <= PATIENCE_S) return { state: "ok", detail: `no ${what} wait` };
  return { state: "failing", detail: `${row?.what ?? what} have waited for ${seconds} s` };
}

/** Failing is a channel that is stopped, or that could send nothing since its last failure. */
function channelCheck(channel: string, configured: boolean, otherwise: string): HealthCheck {
  return {
    name: channel,
    async check() {
      if (!configured) return { state: "off", detail: otherwise };
      const stop = (await stoppedChannels()).find((one) => one.channel === channel);
      if (stop !== undefined) return { state: "failing", detail: `stopped: ${stop.reason}` };
      const problem = await channelProblem(channel);
      if (problem !== undefined) return { state: "failing", detail: problem };
      const [row] = await database().query<{ count: string; reason: string | null }>(
        `select count(*), max(last_error) as reason from delivery
          where state = 'pending' and destination >= $1 || ':' and destination < $1 || ';'
            and last_error is not null and created_at < now() - $2 * interval '1 second'
            and attempted_at > coalesce(
              (select finished_at from delivery sent
                where sent.state = 'sent' and destination >= $1 || ':' and destination < $1 || ';'
                order by number desc limit 1), '-infinity')`,
        [channel, PATIENCE_S],
      );
      const count = Number(row?.count ?? 0);
      if (count === 0) return { state: "ok", detail: "sends" };
      return {
        state: "failing",
        detail: `${countOf(count, "delivery", "deliveries")} cannot be sent: ${row?.reason}`,
      };
    },
  };
}
