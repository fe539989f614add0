import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import type { DeliverySubject, Outgoing } from "../channels/channel.ts";
import { addressOf } from "../destination.ts";
import type { Places } from "./lane.ts";

/**
 * The rows behind the dispatcher. States of a delivery:
 *
 *   pending ──claim──▶ pending, leased ──delivered──▶ sent
 *      ▲                    │   │   └────refused, or 7 days over──▶ dead ──requeue──▶ pending
 *      └──failed, retry─────┘   └────nothing to send──▶ cancelled
 *   pending ──superseded by a newer edit──▶ cancelled
 *   (process dies: the lease runs out, the next claim has the next fence, the same id is sent)
 *
 * Only the oldest pending delivery of a destination can be claimed, so a destination hears things
 * in order and one at a time.
 */
export interface Claim {
  delivery: Outgoing;
  /** The outcome is only written while this is still the row's. */
  fence: string;
  /** The earliest attempt before this one of which it is not known how it ended. */
  unclearBefore: Date | null;
  /** On the clock of `performance.now()`: after this the lease may be somebody else's. */
  validUntil: number;
}

interface Row {
  id: string;
  destination: string;
  message: Message;
  subject: DeliverySubject;
  reason: string;
  thread: string | null;
  reply_to: string | null;
  edits: string | null;
  edited_remote_id: string | null;
  final: boolean;
  attempts: number;
  created_at: Date;
  unclear_before: Date | null;
  fence: string;
}

/**
 * Heads of the lines after a destination that were never tried, by a loose scan: one index probe
 * for each line. Before them those that were tried before and are due, whatever their destination.
 */
const HEADS = `
  with recursive line as (
    (select destination, number from delivery
      where state = 'pending' and destination > $1 and destination < $3
      order by destination, number limit 1)
    union all
    select next.destination, next.number from line, lateral (
      select destination, number from delivery
       where state = 'pending' and destination > line.destination and destination < $3
       order by destination, number limit 1) next
  ), firsts as (
    select delivery.id from line join delivery using (number)
     where attempts = 0 and next_attempt_at <= now()
       and (lease_until is null or lease_until < now())
     limit $4
  ), retries as (
    select id from delivery
     where state = 'pending' and attempts > 0 and next_attempt_at <= now()
       and destination > $2 and destination < $3
       and (lease_until is null or lease_until < now())
       and not exists (select from delivery older
                        where older.state = 'pending' and older.destination = delivery.destination
                          and older.number < delivery.number)
     order by next_attempt_at limit $5
  )
  select id from (select 0 as place, id from retries union all select 1, id from firsts) heads
   order by place limit $6`;

/** Which lines are looked at. */
export interface Lines {
  channel: string;
  /** The destination to go on after, so that all lines get their turn; "" to begin. */
  after: string;
  /** Under way here already, by id, even if their leases could not be renewed in time. */
  except: ReadonlyMap<string, unknown>;
}

/**
 * Claims deliveries of a channel, each the first of its destination's line.
 *
 * @param leaseMs how long the claim holds without `renewLeases`
 */
export async function claimDeliveries(
  { channel, after, except }: Lines,
  places: Places,
  leaseMs: number,
): Promise<Claim[]> {
  // ";" is the character after ":".
  const [first, last] = [`${channel}:`, `${channel};`];
  const claimedAt = performance.now();
  const limits = [places.firsts, places.retries, places.most].map((limit) => Math.max(0, limit));
  const start = after === "" ? first : after;
  const found = await database().query<{ id: string }>(HEADS, [start, first, last, ...limits]);
  const heads = found.filter(({ id }) => !except.has(id));
  if (heads.length === 0) return [];
  const rows = await lease(heads, leaseMs);
  rows.sort((a, b) => (a.destination < b.destination ? -1 : 1));
  const validUntil = claimedAt + leaseMs;
  return rows.map((row) => ({
    delivery: outgoing(row),
    fence: row.fence,
    unclearBefore: row.unclear_before,
    validUntil,
  }));
}

/** Milliseconds until the next delivery of a channel is to be tried again, if one is. */
export async function nextRetryMs(channel: string): Promise<number | undefined> {
  const [row] = await database().query<{ wait: string }>(
    `select extract(epoch from next_attempt_at - now()) * 1000 as wait from delivery
      where state = 'pending' and attempts > 0 and next_attempt_at > now()
        and destination > $1 || ':' and destination < $1 || ';'
      order by next_attempt_at limit 1`,
    [channel],
  );
  return row === undefined ? undefined : Number(row.wait);
}

/** The conditions are asked again under the row lock: another hub may have been faster. */
function lease(heads: { id: string }[], leaseMs: number): Promise<Row[]> {
  return database().query<Row>(
    `with free as (
       select id, unclear_since from delivery
        where id = any($1) and state = 'pending' and next_attempt_at <= now()
          and (lease_until is null or lease_until < now())
        for no key update skip locked
     )
     update delivery set attempts = attempts + 1, fence = fence + 1, attempted_at = now(),
            unclear_since = coalesce(delivery.unclear_since, now()),
            lease_until = now() + $2 * interval '1 millisecond'
       from free where delivery.id = free.id
     returning delivery.id, destination, message, subject, reason, thread, reply_to, edits,
       (select remote_id from delivery root where root.id = delivery.edits) as edited_remote_id,
       final, attempts, created_at, free.unclear_since as unclear_before, fence`,
    [heads.map((head) => head.id), leaseMs],
  );
}

function outgoing(row: Row): Outgoing {
  return {
    id: row.id,
    destination: row.destination,
    address: addressOf(row.destination),
    message: row.message,
    subject: row.subject,
    reason: row.reason,
    final: row.final,
    attempt: row.attempts,
    createdAt: row.created_at,
    ...(row.thread === null ? {} : { thread: row.thread }),
    ...(row.reply_to === null ? {} : { replyTo: row.reply_to }),
    ...(row.edits === null ? {} : { edits: edited(row.edits, row.edited_remote_id) }),
    ...(row.unclear_before === null ? {} : { unclearSince: row.unclear_before }),
  };
}

function edited(id: string, remoteId: string | null): { id: string; remoteId?: string } {
  return remoteId === null ? { id } : { id, remoteId };
}

/** Keeps claims for another while. Returns the ids that are no longer ours. */
export async function renewLeases(claims: Claim[], leaseMs: number): Promise<Set<string>> {
  const renewedAt = performance.now();
  const rows = await database().query<{ id: string }>(
    `update delivery set lease_until = now() + $3 * interval '1 millisecond'
       from unnest($1::uuid[], $2::bigint[]) as held (id, fence)
      where delivery.id = held.id and delivery.fence = held.fence and state = 'pending'
     returning delivery.id`,
    [claims.map((claim) => claim.delivery.id), claims.map((claim) => claim.fence), leaseMs],
  );
  const kept = new Set(rows.map((row) => row.id));
  for (const claim of claims) {
    if (kept.has(claim.delivery.id)) claim.validUntil = renewedAt + leaseMs;
  }
  return new Set(claims.map((claim) => claim.delivery.id).filter((id) => !kept.has(id)));
}

/** How a claim ends. */
export type Settlement =
  | { state: "sent"; remoteId: string | undefined }
  | { state: "cancelled"; reason: string }
  | { state: "dead"; reason: string; untaken: boolean }
  /** Try again later; after the 7 days it is dead instead. */
  | { state: "pending"; reason: string; delayMs: number; untaken: boolean };

/** Writes the outcome of a claim. False when the lease was lost to somebody else meanwhile. */
export async function settle(claim: Claim, settlement: Settlement): Promise<boolean> {
  const { state } = settlement;
  const rows = await database().query<{ state: string }>(
    `with settled as (
       update delivery set
        state = case when $3 = 'pending' and give_up_at <= now() then 'dead' else $3 end,
        finished_at = case when $3 = 'pending' and give_up_at > now() then null else now() end,
        next_attempt_at = now() + $4 * interval '1 millisecond',
        last_error = case when $3 = 'pending' and give_up_at <= now()
                          then $5 || ' (given up after 7 days)' else $5 end,
        remote_id = coalesce($6, remote_id), lease_until = null,
        unclear_since = case when $7 then $8 else unclear_since end
       where id = $1 and fence = $2 and state = 'pending'
       returning id, attempted_at, state, last_error
     ), noted as (
       insert into delivery_attempt (delivery_id, began_at, state, reason)
       select * from settled where state <> 'sent'
     )
     select state from settled`,
    [
      claim.delivery.id,
      claim.fence,
      state,
      state === "pending" ? settlement.delayMs : 0,
      state === "sent" ? null : settlement.reason,
      state === "sent" ? (settlement.remoteId ?? null) : null,
      "untaken" in settlement && settlement.untaken,
      claim.unclearBefore,
    ],
  );
  return rows.length > 0;
}

/** Gives up what nobody tried any more: its channel is not configured, or stopped for 7 days. */
export async function giveUpExpired(): Promise<number> {
  const rows = await database().query<{ id: string }>(
    `update delivery set state = 'dead', finished_at = now(), lease_until = null,
            last_error = coalesce(last_error, 'nobody could send it') || ' (given up after 7 days)'
      where state = 'pending' and give_up_at < now() - interval '2 hours'
        and (lease_until is null or lease_until < now()) returning id`,
  );
  return rows.length;
}
