import { database, inTransaction } from "../database/connect.ts";
import { firstNumber, oldestNumber } from "./replay-page.ts";
import { lighthouseState } from "./sequence.ts";

/** What of the journal is kept. */
export interface Retention {
  /** Events of the last so many days; 0 is no limit. */
  days: number;
  /** The newest events of so many megabytes of text; 0 is no limit. */
  megabytes: number;
}

/** What is to leave. */
export interface Expiry {
  /** Numbers from the oldest to before `first`. */
  oldest: number;
  first: number;
  /** Why the oldest that stay have to stay, or undefined when the limits alone say so. */
  before: Date | undefined;
}

const BATCH = 2_000;
const DAY_MS = 86_400_000;
/** Of events heard from others, what nobody needs any more. */
const DONE = `not exists (select from event_to_route listed where listed.event_id = event.id)
  and not exists (select from event_to_consider listed where listed.event_id = event.id)
  and not exists (select from delivery where event_id = event.id and state = 'pending')
  and not exists (select from notice where event_id = event.id and state = 'held')
  and not exists (select from event_unforwarded waiting where waiting.event_id = event.id)`;

/** Decides which numbers the limits let go; none that was not published. */
export async function planExpiry({ days, megabytes }: Retention): Promise<Expiry> {
  const { sequence: newest, published } = await lighthouseState();
  const oldest = await oldestNumber(newest);
  const before = days === 0 ? undefined : new Date(Date.now() - days * DAY_MS);
  let first = oldest;
  if (before !== undefined) {
    first = await firstNumber(oldest, newest, "numbered_at >= $2::timestamptz", before);
  }
  if (megabytes > 0) {
    const [row] = await database().query<{ bytes: string }>("select bytes from lighthouse");
    const spare = Number(row?.bytes ?? 0) - megabytes * 1_000_000;
    first = Math.max(first, await firstNumber(oldest, newest, "end_byte > $2::bigint", spare));
  }
  return { oldest, first: Math.min(first, published + 1), before };
}

/**
 * Removes the next events of a plan, the oldest first and without leaving gaps: it stops before
 * the first one that is still to be routed, considered, delivered or forwarded.
 *
 * @returns the number it came to, and how many events left; 0 when there is no more to do
 */
export function expireNumbered(plan: Expiry): Promise<{ oldest: number; removed: number }> {
  return inTransaction(async () => {
    const end = Math.min(plan.oldest + BATCH, plan.first);
    const [held] = await database().query<{ sequence: string | null }>(
      `select min(sequence) as sequence from event_number join event on event.id = event_id
        where sequence >= $1 and sequence < $2 and not (${DONE})`,
      [plan.oldest, end],
    );
    const oldest = Number(held?.sequence ?? end);
    const removed = await database().query(
      `with gone as (
         delete from event_number where sequence >= $1 and sequence < $2 returning event_id
       ), unnoticed as (
         delete from notice using gone where notice.event_id = gone.event_id
       )
       delete from event using gone where event.id = gone.event_id returning event.id`,
      [plan.oldest, oldest],
    );
    return { oldest, removed: removed.length };
  });
}

/** Removes events that were heard from others and never numbered here. @returns how many */
export async function expireHeard(before: Date): Promise<number> {
  const [kept] = await database().query<{ id: string }>(
    "select id from event where received_at >= $1 order by id limit 1",
    [before],
  );
  const removed = await database().query(
    `with gone as (
       delete from event where id in (
         select id from event where id < $1 and received_at < $2 and origin = 'bus' and ${DONE}
          order by id limit ${BATCH}) returning id
     ), unnoticed as (
       delete from notice using gone where notice.event_id = gone.id
     )
     select id from gone`,
    [kept?.id ?? "9223372036854775807", before],
  );
  return removed.length;
}
