import { database } from "../../../core/database/connect.ts";
import type { JournalEvent } from "../read/events.ts";

/** How far behind the newest number one may still appear. */
const LOOK_BACK = 2_000n;
/** Events read at once. */
const BATCH = 500;

/** Reads the journal as it grows. */
export interface EventCursor {
  /** What was committed since the last call, in the order of numbers; at most 500. */
  next(): Promise<JournalEvent[]>;
}

/**
 * Follows the journal from now on. Numbers are given when an event is written and seen when it is
 * committed, so a smaller one may appear after a larger one: the last 2,000 are looked at again
 * each time, by number alone.
 */
export async function createEventCursor(): Promise<EventCursor> {
  let floor = await startingFloor();
  let seen = new Set(await idsAbove(floor));
  return {
    async next() {
      const ids = await idsAbove(floor);
      const fresh = ids.filter((id) => !seen.has(id)).slice(0, BATCH);
      if (fresh.length === 0) return [];
      for (const id of fresh) seen.add(id);
      const newest = BigInt(fresh.at(-1) ?? "0");
      if (newest - LOOK_BACK > floor) {
        floor = newest - LOOK_BACK;
        seen = new Set([...seen].filter((id) => BigInt(id) > floor));
      }
      return database().query<JournalEvent>(
        `select id, uuid, tag, time, received_at as "receivedAt", signer, origin, data
           from event where id = any($1::bigint[]) order by id`,
        [fresh],
      );
    },
  };
}

async function startingFloor(): Promise<bigint> {
  const rows = await database().query<{ newest: string | null }>(
    "select max(id)::text as newest from event",
  );
  return BigInt(rows[0]?.newest ?? "0") - LOOK_BACK;
}

async function idsAbove(floor: bigint): Promise<string[]> {
  const rows = await database().query<{ id: string }>(
    "select id from event where id > $1 order by id",
    [floor.toString()],
  );
  return rows.map((row) => row.id);
}
