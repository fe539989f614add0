import { hostname } from "node:os";
import { database } from "../../core/database/connect.ts";
import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { Channel } from "./channel.ts";

const LOOK_MS = 20_000;
/** What was not noted for so long is of a hub that is gone. */
const STALE_S = 60;

/**
 * Asks the channels whether they can be used, also while there is nothing to send, and keeps the
 * answers in the database: the page may run elsewhere.
 */
export function createChannelWatch(channels: readonly Channel[], log: Log): Service {
  const hub = `${hostname()} ${process.pid}`;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      await Promise.all(channels.map((channel) => note(hub, channel)));
      await database().query("delete from hub_health where seen_at < now() - interval '1 day'");
    } catch (thrown) {
      log.warn({ err: asError(thrown) }, "cannot note how the channels are");
    }
  }

  return {
    name: "channel watch",
    start() {
      looking = look();
      timer = setInterval(() => {
        looking = looking.then(look);
      }, LOOK_MS);
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      await looking;
      await database()
        .query("delete from hub_health where hub = $1", [hub])
        .catch(() => undefined);
    },
  };
}

async function note(hub: string, channel: Channel): Promise<void> {
  if (channel.problem === undefined) return;
  const problem = await channel.problem().catch((thrown: unknown) => asError(thrown).message);
  await database().query(
    `insert into hub_health as known (hub, part, problem) values ($1, $2, $3)
     on conflict (hub, part) do update set problem = excluded.problem, seen_at = now(),
       since = case when (known.problem is null) = (excluded.problem is null)
                    then known.since else now() end`,
    [hub, channel.name, problem ?? null],
  );
}

/** Why no running hub can use a channel; undefined when one can, or none is running. */
export async function channelProblem(channel: string): Promise<string | undefined> {
  const rows = await database().query<{ problem: string | null }>(
    `select problem from hub_health
      where part = $1 and seen_at > now() - $2 * interval '1 second' order by hub`,
    [channel, STALE_S],
  );
  if (rows.some(({ problem }) => problem === null)) return undefined;
  return rows[0]?.problem ?? undefined;
}
