import { database } from "../database/connect.ts";

/** An event of our own that other Lighthouses have not got yet. */
export interface UnforwardedEvent {
  id: string;
  tag: string;
  /** Null: emitted without a key. */
  signer: string | null;
  body: string;
}

/** Has events of the journal forwarded; in the transaction in which they were stored. */
export async function queueForForwarding(ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await database().query("insert into event_unforwarded select unnest($1::bigint[])", [ids]);
}

/**
 * The oldest that wait, in the order of the journal. What is committed late comes late, but never
 * too late: waiting events are a list of their own, and not those behind some number.
 */
export function unforwardedEvents(limit: number): Promise<UnforwardedEvent[]> {
  return database().query<UnforwardedEvent>(
    `select event.id, tag, signer, body from event_unforwarded join event on event.id = event_id
      order by event_id limit $1`,
    [limit],
  );
}

/** Forgets that these have to be forwarded. */
export async function forgetForwarded(ids: readonly string[]): Promise<void> {
  await database().query("delete from event_unforwarded where event_id = any($1::bigint[])", [ids]);
}
