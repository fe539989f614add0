import { database, inTransaction } from "../../core/database/connect.ts";
import { releaseChannels } from "./channel-stop.ts";
import { channelOf } from "../destination.ts";
import { wakeDispatcher } from "./outbox.ts";

/** Which of the dead. Several criteria widen. */
export interface RequeueFilter {
  /** As people type them. */
  numbers?: string[];
  /** A pattern for SQL's like. */
  destinationLike?: string;
  channel?: string;
  all?: boolean;
}

/**
 * Gives dead deliveries seven more days, at the end of their destinations' lines, and lets their
 * channels work again at once.
 *
 * @returns how many
 */
export function requeueDeliveries(filter: RequeueFilter): Promise<number> {
  return inTransaction(async () => {
    const rows = await database().query<{ destination: string }>(
      `update delivery set state = 'pending', number = default, attempts = 0, finished_at = null,
              next_attempt_at = now(), give_up_at = now() + interval '7 days', lease_until = null
        where state = 'dead'
          and ($4 or number = any($1::bigint[]) or destination like $2
               or destination like $3 || ':%')
       returning destination`,
      [
        filter.numbers ?? [],
        filter.destinationLike ?? null,
        filter.channel ?? null,
        filter.all ?? false,
      ],
    );
    const channels = new Set(rows.map(({ destination }) => channelOf(destination)));
    if (filter.channel !== undefined) channels.add(filter.channel);
    await releaseChannels([...channels]);
    await wakeDispatcher();
    return rows.length;
  });
}
