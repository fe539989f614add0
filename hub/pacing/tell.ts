import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import type { DeliverySubject } from "../channels/channel.ts";
import { storable, wakeDispatcher } from "../delivery/outbox.ts";

/** A message that pacing sends. */
export interface NewDelivery {
  id: string;
  destination: string;
  /** The one event it tells, if it tells one as it is. */
  eventId: string | null;
  message: Message;
  subject: DeliverySubject;
  reason: string;
}

/** Puts messages into the outbox, in order and in one statement. */
export async function insertDeliveries(deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await database().query(
    `insert into delivery (id, destination, event_id, message, subject, reason)
     select id, destination, event_id, message::jsonb, subject::jsonb, reason
       from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
            with ordinality as d (id, destination, event_id, message, subject, reason, place)
      order by place
     on conflict (event_id, destination) do nothing`,
    [
      deliveries.map((one) => one.id),
      deliveries.map((one) => one.destination),
      deliveries.map((one) => one.eventId),
      deliveries.map((one) => storable(one.message)),
      deliveries.map((one) => storable(one.subject)),
      deliveries.map((one) => one.reason),
    ],
  );
  await wakeDispatcher();
}
