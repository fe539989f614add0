import { database, inTransaction } from "../database/connect.ts";
import type { VerifiedEvent } from "./verify.ts";

/** Channel of the wake-up that new events give; polling is the truth. */
export const JOURNAL_CHANNEL = "lk_event";

/**
 * How an event came in: made here, submitted to our Lighthouse, heard on the bus, or heard there
 * to be published here as well.
 */
export type Origin = "local" | "submitted" | "bus" | "relayed";

/** What the journal keeps of an event. */
export type JournalEntry = Omit<VerifiedEvent, "scanned">;

/**
 * Writes events into the journal, in order, in the running transaction or one of its own. Events
 * heard on the bus were published by whoever we heard them from and are not published again.
 *
 * @returns the uuids that were new, with their ids in the journal; those missing were known
 */
export async function storeEvents(
  events: readonly JournalEntry[],
  origin: Origin,
): Promise<Map<string, string>> {
  if (events.length === 0) return new Map();
  return inTransaction(async () => {
    // Known uuids are left out first: a conflict would use up an id and leave a dead row behind.
    // Two writers at once still end in "on conflict".
    const rows = await database().query<{ id: string; uuid: string }>(
      `with stored as (
         insert into event (uuid, tag, time, signer, origin, body, data)
         select uuid, tag, time, signer, $7, body, data::jsonb
           from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[],
                       $6::text[])
                with ordinality as e (uuid, tag, time, signer, body, data, place)
          where not exists (select from event known where known.uuid = e.uuid)
            and not exists (select from event_seen known where known.uuid = e.uuid)
          order by place
         on conflict (uuid) do nothing
         returning id, uuid
       ), queued as (
         insert into event_unnumbered select id from stored where $7 <> 'bus'
       )
       select id, uuid from stored`,
      [
        events.map((event) => event.uuid),
        events.map((event) => event.tag),
        events.map((event) => event.time),
        events.map((event) => event.signer),
        events.map((event) => event.body.toString()),
        events.map((event) => event.data.toString()),
        origin,
      ],
    );
    if (rows.length > 0) await database().query("select pg_notify($1, '')", [JOURNAL_CHANNEL]);
    return new Map(rows.map((row) => [row.uuid, row.id]));
  });
}
