import { database, inTransaction } from "../database/connect.ts";

/** How far a Lighthouse is. */
export interface LighthouseState {
  /** The id of this database's Lighthouse. */
  id: string;
  /** The last number that was given. */
  sequence: number;
  /** Up to here everything was sent at least once. */
  published: number;
}

/** An event of the journal with its number. */
export interface NumberedEvent {
  sequence: number;
  body: string;
}

interface StateRow {
  id: string;
  sequence: string;
  published: string;
}

/** The Lighthouse of this database, made at the first call. */
export async function lighthouseState(): Promise<LighthouseState> {
  const read = "select id, sequence, published from lighthouse";
  let [row] = await database().query<StateRow>(read);
  if (row === undefined) {
    await database().query("insert into lighthouse default values on conflict do nothing");
    [row] = await database().query<StateRow>(read);
  }
  if (row === undefined) throw new Error("the Lighthouse of this database vanished");
  return { id: row.id, sequence: Number(row.sequence), published: Number(row.published) };
}

/**
 * Gives the oldest waiting events of the journal their numbers: what was written in transactions
 * that may be long, while submitted ones get theirs at once (`append.ts`). Whoever gives numbers holds the
 * lock on Lighthouse's row until they are committed: a number is never seen after a higher one,
 * and one that is rolled back is given again.
 *
 * @param published up to which number this process has sent everything
 * @returns how many got a number
 */
export async function numberEvents(limit: number, published: number): Promise<number> {
  const [any] = await database().query("select from event_unnumbered limit 1");
  if (any === undefined) return 0;
  return inTransaction(async () => {
    await database().query("select from lighthouse for update");
    // A statement of its own: it sees what the one who had the lock before has written.
    const [row] = await database().query<{ count: string }>(
      `with taken as (
         delete from event_unnumbered where event_id = any (array(
           select event_id from event_unnumbered order by event_id limit $1))
         returning event_id
       ), sized as (
         select event_id, row_number() over earlier as place,
                sum(octet_length(body)) over earlier as size
           from taken join event on event.id = event_id
         window earlier as (order by event_id)
       ), given as (
         insert into event_number (sequence, event_id, end_byte)
         select sequence + place, event_id, bytes + size from sized, lighthouse order by place
       ), total as (
         select count(*) as count, coalesce(max(size), 0) as size from sized
       )
       update lighthouse set sequence = sequence + total.count, bytes = bytes + total.size,
              published = greatest(published, $2)
         from total
       returning total.count`,
      [limit, published],
    );
    return Number(row?.count ?? 0);
  });
}

/** Notes up to which number everything was sent, so that a restart goes on behind it. */
export async function notePublished(published: number): Promise<void> {
  await database().query("update lighthouse set published = $1 where published < $1", [published]);
}

/** Texts are read into memory, and may be a million bytes each. */
const BATCH_BYTES = 8 << 20;

/** The numbered events behind a number, in order: at least one if there is any. */
export async function eventsAfter(sequence: number, limit: number): Promise<NumberedEvent[]> {
  const rows = await database().query<{ sequence: string; body: string }>(
    `select sequence, body from event_number join event on event.id = event_id
      where sequence > $1 and end_byte <= $3 + (
              select end_byte from event_number first where first.sequence > $1
               order by sequence limit 1)
      order by sequence limit $2`,
    [sequence, limit, BATCH_BYTES],
  );
  return rows.map((row) => ({ sequence: Number(row.sequence), body: row.body }));
}

/** The numbers of events by their ids; one that is not to be published, or not yet, has none. */
export async function sequencesOf(ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await database().query<{ id: string; sequence: string }>(
    "select event_id as id, sequence from event_number where event_id = any($1::bigint[])",
    [ids],
  );
  return new Map(rows.map((row) => [row.id, Number(row.sequence)]));
}
