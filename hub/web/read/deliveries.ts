import { database } from "../../../core/database/connect.ts";

/** Who an event went to, and how that went. */
export interface EventDelivery {
  number: string;
  destination: string;
  state: "pending" | "sent" | "dead" | "cancelled";
  /** Which route or subscription asked for it. */
  reason: string;
  attempts: number;
  lastError: string | null;
  createdAt: Date;
  finishedAt: Date | null;
  nextAttemptAt: Date;
}

/** The deliveries of an event, oldest first; at most 100. @param eventId its journal number */
export function deliveriesOf(eventId: string): Promise<EventDelivery[]> {
  return database().query<EventDelivery>(
    `select number, destination, state, reason, attempts, last_error as "lastError",
            created_at as "createdAt", finished_at as "finishedAt",
            next_attempt_at as "nextAttemptAt"
       from delivery
      where id in (select delivery_id from notice where event_id = $1
                   union all select id from delivery where event_id = $1)
      order by number limit 100`,
    [eventId],
  );
}
