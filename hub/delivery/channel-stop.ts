import { database } from "../../core/database/connect.ts";
import { retryDelay } from "./retry.ts";

/** A channel that cannot work at all is tried again rarely, with one delivery. */
const STOP_POLICY = { firstMs: 60_000, lastMs: 3_600_000 };

export interface ChannelStop {
  channel: string;
  reason: string;
  stopped_at: Date;
  retry_at: Date;
  /** True while it is not to be tried. */
  waiting: boolean;
}

/** Channels that stopped. One that works again vanishes from here. */
export function stoppedChannels(): Promise<ChannelStop[]> {
  return database().query<ChannelStop>(
    `select channel, reason, stopped_at, retry_at, retry_at > now() as waiting
       from channel_stop order by channel`,
  );
}

/**
 * Stops a channel, for all hubs: its deliveries wait instead of failing one by one (and of locking
 * the account by a thousand logins with a wrong password).
 *
 * @returns true when it worked until now
 */
export async function stopChannel(channel: string, reason: string): Promise<boolean> {
  const [row] = await database().query<{ failures: number }>(
    `insert into channel_stop (channel, reason, retry_at)
     values ($1, $2, now() + $3 * interval '1 millisecond')
     on conflict (channel) do update set reason = excluded.reason,
       failures = channel_stop.failures + 1,
       retry_at = now() + least($3 * 2 ^ least(channel_stop.failures, 20), $4)
                  * interval '1 millisecond'
       where channel_stop.retry_at <= now()
     returning failures`,
    [channel, reason, retryDelay(1, Math.random(), STOP_POLICY), STOP_POLICY.lastMs],
  );
  return row?.failures === 1;
}

/** Lets a channel work again, after a success or because an operator mended it. */
export async function releaseChannels(channels?: string[]): Promise<void> {
  await database().query("delete from channel_stop where $1::text[] is null or channel = any($1)", [
    channels ?? null,
  ]);
}
