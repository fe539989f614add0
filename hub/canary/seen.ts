import { database } from "../../core/database/connect.ts";
import type { ShownDelivery } from "../channels/channel.ts";
import { addressOf } from "../destination.ts";

/** A canary that was delivered, and is still to be seen. */
export interface SentCanary {
  /** Uuid. */
  event: string;
  destination: string;
  delivery: ShownDelivery;
}

/** Whether it is time for the next one; true for one hub only. */
export async function isDue(everyMs: number): Promise<boolean> {
  const rows = await database().query(
    `insert into canary as last (sent_at) values (now())
     on conflict (only_one) do update set sent_at = now()
       where last.sent_at <= now() - $1 * interval '1 millisecond' returning 1`,
    [everyMs],
  );
  return rows.length > 0;
}

/** Those that were delivered and not seen yet. */
export async function sentCanaries(
  events: readonly string[],
  destinations: readonly string[],
): Promise<SentCanary[]> {
  if (events.length === 0) return [];
  const rows = await database().query<{
    event: string;
    destination: string;
    id: string;
    created: Date;
  }>(
    `select event.uuid as event, delivery.destination, delivery.id, delivery.created_at as created
       from event join notice on notice.event_id = event.id
       join delivery on delivery.id = notice.delivery_id
       left join canary_seen seen on seen.destination = delivery.destination
      where event.uuid = any($1::uuid[]) and delivery.destination = any($2)
        and delivery.state = 'sent' and (seen.sent_at is null or seen.sent_at < event.time)
        and seen.event is distinct from event.uuid
      order by delivery.number`,
    [events, destinations],
  );
  return rows.map(({ event, destination, id, created }) => ({
    event,
    destination,
    delivery: { id, address: addressOf(destination), createdAt: created },
  }));
}

/** Writes down that it was seen, unless a newer one was. */
export async function noteSeen({ event, destination }: SentCanary, sentAt: Date): Promise<void> {
  await database().query(
    `insert into canary_seen as known (destination, event, sent_at, seen_at)
     values ($1, $2, $3, now())
     on conflict (destination) do update set event = excluded.event, sent_at = excluded.sent_at,
       seen_at = excluded.seen_at where known.sent_at < excluded.sent_at`,
    [destination, event, sentAt],
  );
}

/** When the newest canary that was seen was sent, by destination. */
export interface SeenCanary {
  destination: string;
  ageSeconds: number;
  /** How long it took until it was seen. */
  tripSeconds: number;
}

export async function seenCanaries(): Promise<SeenCanary[]> {
  return database().query<SeenCanary>(
    `select destination, extract(epoch from now() - sent_at)::float8 as "ageSeconds",
            extract(epoch from seen_at - sent_at)::float8 as "tripSeconds"
       from canary_seen order by destination`,
  );
}

/** Forgets destinations that are no canary's any more, so that nobody is alarmed for them. */
export async function keepCanaries(destinations: readonly string[]): Promise<void> {
  await database().query("delete from canary_seen where destination <> all($1)", [destinations]);
  // Never seen is as bad as not seen any more, and has to be told from the first minute.
  await database().query(
    `insert into canary_seen (destination, event, sent_at, seen_at)
     select destination, '00000000-0000-0000-0000-000000000000', now(), now()
       from unnest($1::text[]) as d (destination) on conflict do nothing`,
    [destinations],
  );
}
