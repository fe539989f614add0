import type { HomeserverClient } from "./client.ts";
import { TRANSACTION_FIELD } from "./content.ts";
import { History, readEvents } from "./event.ts";

/**
 * Synapse keeps transactions for 24 hours (`_cleanup_old_transaction_ids`); the specification names
 * no time.
 */
const REMEMBERED_MS = 12 * 3_600_000;
const CLOCKS_DIFFER_MS = 3_600_000;
/** With a hundred events each: all that we say in a room in any seven days. */
const MAX_PAGES = 1_000;

/**
 * Whether the homeserver may not know the transaction of an earlier attempt any more: for its age,
 * or because transactions belong to a device (client-server API, "Transaction identifiers") and
 * ours is another one since.
 */
export function mayBeForgotten(
  unclearSince: Date | undefined,
  deviceSince: Date | undefined,
): unclearSince is Date {
  if (unclearSince === undefined) return false;
  if (Date.now() - unclearSince.getTime() > REMEMBERED_MS) return true;
  if (deviceSince === undefined) return false;
  return unclearSince.getTime() < deviceSince.getTime() + CLOCKS_DIFFER_MS;
}

/**
 * The id of our own event in a room that is marked with a transaction, from now back to a time;
 * undefined when there is none.
 *
 * @throws HomeserverError
 */
export async function findSent(
  { client, self }: { client: HomeserverClient; self: string },
  room: string,
  txn: string,
  since: Date,
): Promise<string | undefined> {
  const filter = { senders: [self], types: ["m.room.message"] };
  const oldest = since.getTime() - CLOCKS_DIFFER_MS;
  let from: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { chunk, end } = History.parse(
      await client.messagesBefore(room, from, undefined, filter),
    );
    for (const event of readEvents(chunk)) {
      if (event.content[TRANSACTION_FIELD] === txn) return event.event_id;
      if (event.origin_server_ts < oldest) return undefined;
    }
    if (end === undefined || end === from) return undefined;
    from = end;
  }
  return undefined;
}
