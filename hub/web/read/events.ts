import { database, inTransaction } from "../../../core/database/connect.ts";
import {
  addNames,
  type Conditions,
  type EventFilter,
  idConditions,
  placeConditions,
} from "./event-filter.ts";

/** An event of the journal as pages and the API show it. */
export interface JournalEvent {
  /** Its number in this journal. */
  id: string;
  uuid: string;
  tag: string;
  time: Date;
  receivedAt: Date;
  signer: string | null;
  origin: "local" | "submitted" | "bus" | "relayed";
  data: Record<string, unknown>;
}

/** The most rows that one page or answer holds. */
export const PAGE_ROWS = 100;
/** So many events are looked through one by one before the index on their data is asked. */
const RECENT_ROWS = 5_000;

const COLUMNS = `id, uuid, tag, time, received_at as "receivedAt", signer, origin, data`;

/**
 * One page of the journal, newest first, or oldest first with `after`.
 *
 * What nearly all events name is found at once among the nearest; what few name would take a walk
 * through the whole journal, and is found by the index on their data.
 */
export async function listEvents(filter: EventFilter, limit: number): Promise<JournalEvent[]> {
  const rows = Math.min(limit, PAGE_ROWS + 1);
  const near = placeConditions(filter);
  const order = filter.after === undefined ? "desc" : "asc";
  const names: Conditions = { sql: [], values: [...near.values] };
  if (!addNames(names, filter)) {
    return database().query<JournalEvent>(
      `select ${COLUMNS} from event ${where(near.sql)} order by id ${order} limit ${rows}`,
      near.values,
    );
  }
  const found = await database().query<JournalEvent>(
    `select ${COLUMNS} from
       (select * from event ${where(near.sql)} order by id ${order} limit ${RECENT_ROWS}) nearest
      ${where(names.sql)} order by id ${order} limit ${rows}`,
    names.values,
  );
  if (found.length >= rows) return found;
  return listByIndex({ sql: [...near.sql, ...names.sql], values: names.values }, order, rows);
}

/** What was ever said about a job, an excuse or an issue: the last 100, oldest first. */
export async function eventsAbout(id: string): Promise<JournalEvent[]> {
  return (await listByIndex(idConditions(id), "desc", PAGE_ROWS)).reverse();
}

/** The planner cannot know how rare a name is, and would walk in the order of numbers. */
function listByIndex(
  { sql, values }: Conditions,
  order: "asc" | "desc",
  rows: number,
): Promise<JournalEvent[]> {
  return inTransaction(async () => {
    await database().query("set local enable_seqscan = off");
    return database().query<JournalEvent>(
      `select ${COLUMNS} from event where id = any (array(select id from event ${where(sql)}))
        order by id ${order} limit ${rows}`,
      values,
    );
  });
}

function where(sql: string[]): string {
  return sql.length === 0 ? "" : `where ${sql.join(" and ")}`;
}

/** An event with all that the journal keeps. */
export interface WholeEvent extends JournalEvent {
  /** The text that was signed. */
  body: string;
  /** When it was decided who hears of it. */
  isRouted: boolean;
}

/** One event, or undefined. */
export async function eventByUuid(uuid: string): Promise<WholeEvent | undefined> {
  const rows = await database().query<WholeEvent>(
    `select ${COLUMNS}, body, not exists (select from event_to_route where event_id = event.id) as "isRouted"
       from event where uuid = $1`,
    [uuid],
  );
  return rows[0];
}

/** Events received per hour for the last 24 hours, oldest first; hours without any are 0. */
export async function eventsPerHour(): Promise<number[]> {
  const rows = await database().query<{ hours: number; count: string }>(
    `select floor(extract(epoch from now() - received_at) / 3600)::int as hours, count(*)
       from (select received_at from event order by id desc limit 50000) recent
      where received_at > now() - interval '24 hours' group by 1`,
  );
  const counts = Array.from({ length: 24 }, () => 0);
  for (const row of rows) counts[23 - Math.max(row.hours, 0)] = Number(row.count);
  return counts;
}
