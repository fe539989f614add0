import { database } from "../database/connect.ts";

/** Events still to be dealt with: told to people, or asked whether they want an operation. */
export type EventList = "event_to_route" | "event_to_consider";

/** An event that was taken from a list. */
export interface ListedEvent {
  id: string;
  uuid: string;
  tag: string;
  time: Date;
  data: unknown;
}

/** So often a reader begins again with the oldest. */
const SWEEP_MS = 1_000;

/**
 * A function that takes the oldest events off a list, in the running transaction: they are back
 * when it is not committed. Several readers take different ones.
 *
 * A reader goes on where it was, for the places of those that are gone already are passed slowly
 * while a long transaction keeps the server from clearing them. Events that were committed late
 * have smaller numbers; they are found when it begins again, within a second.
 */
export function createEventReader(list: EventList): (limit: number) => Promise<ListedEvent[]> {
  let after = "0";
  let began = 0;
  return async (limit) => {
    if (Date.now() - began >= SWEEP_MS) {
      after = "0";
      began = Date.now();
    }
    const events = await database().query<ListedEvent>(
      `with taken as (
         delete from ${list} where event_id = any(array(
           select event_id from ${list} where event_id > $2
            order by event_id limit $1 for update skip locked))
         returning event_id
       )
       select id, uuid, tag, time, data from taken join event on event.id = event_id order by id`,
      [limit, after],
    );
    after = events.length < limit ? "0" : (events.at(-1)?.id ?? "0");
    return events;
  };
}
