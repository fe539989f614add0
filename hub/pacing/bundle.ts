import { database } from "../../core/database/connect.ts";

/**
 * A message in the making. States:
 *
 *   open, due ──flush──▶ told, closed            digests, groups, mails: each message is one bundle
 *      ▲          └────▶ told, nothing due       storms in a chat: more edits the summary
 *      └──more of it────────┘   └──calm──▶ closed
 *   open, due ──flush, but it is quiet or the budget is spent──▶ open, due later
 *   open, due ──all of it was undone──▶ closed, nothing told
 *
 * Whoever changes a bundle holds the row of its destination in `pace`.
 */
export interface Bundle {
  id: string;
  destination: string;
  key: string;
  kind: BundleKind;
  openedAt: Date;
  lastAt: Date;
  /** Undefined: nothing waits. */
  dueAt: Date | undefined;
  waiting: number;
  waitsSince: Date | undefined;
  topics: string[];
  /** The message that it became, while that can still grow. */
  deliveryId: string | undefined;
  toldAt: Date | undefined;
  eventId: string | undefined;
  repeatMs: number | undefined;
}

export type BundleKind =
  | "group"
  | "digest"
  | "quiet"
  | "storm"
  | "stale"
  | "mail"
  | "flapping"
  | "reminder";

/** News for a bundle: makes it, or lets it wait on. */
export interface Extension {
  destination: string;
  key: string;
  kind: BundleKind;
  due: Date;
  topics: readonly string[];
  count: number;
}

interface Row {
  id: string;
  destination: string;
  key: string;
  kind: BundleKind;
  opened_at: Date;
  last_at: Date;
  due_at: Date | null;
  waiting: number;
  waits_since: Date | null;
  topics: string[];
  delivery_id: string | null;
  told_at: Date | null;
  event_id: string | null;
  repeat_ms: string | null;
}

/** The open bundles of destinations whose rows are held; of groups only those named. */
export async function openBundles(
  destinations: readonly string[],
  groups: readonly string[],
): Promise<Bundle[]> {
  const rows = await database().query<Row>(
    `select * from bundle where closed_at is null and destination = any($1)
        and (kind not in ('group', 'flapping', 'reminder') or key = any($2))`,
    [destinations, groups],
  );
  return rows.map(bundleOf);
}

/** The bundles of a destination that are due, the oldest first. Its row is held. */
export async function dueBundles(destination: string, now: Date): Promise<Bundle[]> {
  const rows = await database().query<Row>(
    `select * from bundle where closed_at is null and destination = $1 and due_at <= $2
      order by due_at, id`,
    [destination, now],
  );
  return rows.map(bundleOf);
}

/** Makes or extends bundles. @returns their ids by destination and key, see `bundleKey` */
export async function extendBundles(
  extensions: readonly Extension[],
  now: Date,
): Promise<Map<string, string>> {
  if (extensions.length === 0) return new Map();
  const rows = await database().query<{ id: string; destination: string; key: string }>(
    `insert into bundle (destination, key, kind, opened_at, last_at, due_at, waits_since, waiting,
       topics)
     select destination, key, kind, $7, $7, due, $7, count,
            array(select jsonb_array_elements_text(topics::jsonb))
       from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::text[])
            as e (destination, key, kind, due, count, topics)
     on conflict (destination, key) where closed_at is null do update
        set last_at = excluded.last_at, due_at = excluded.due_at, topics = excluded.topics,
            waiting = bundle.waiting + excluded.waiting,
            waits_since = case when bundle.due_at is null then excluded.waits_since
                               else bundle.waits_since end
     returning id, destination, key`,
    [
      extensions.map((one) => one.destination),
      extensions.map((one) => one.key),
      extensions.map((one) => one.kind),
      extensions.map((one) => one.due),
      extensions.map((one) => one.count),
      extensions.map((one) => JSON.stringify(one.topics)),
      now,
    ],
  );
  return new Map(rows.map((row) => [bundleKey(row.destination, row.key), row.id]));
}

/** One text for a destination and a key of a bundle. */
export function bundleKey(destination: string, key: string): string {
  return `${destination} ${key}`;
}

/** Lets bundles wait on. */
export async function postpone(bundles: readonly Bundle[], due: Date): Promise<void> {
  await database().query("update bundle set due_at = $2 where id = any($1)", [
    bundles.map((one) => one.id),
    due,
  ]);
}

/** Ends bundles: nothing more joins them. */
export async function closeBundles(ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await database().query(
    `update bundle set closed_at = $2, due_at = null, waiting = 0, waits_since = null
      where id = any($1)`,
    [ids, now],
  );
}

/** Writes down that a bundle became a message, which may grow on when it is not closed. */
export async function tellBundle(
  id: string,
  told: { deliveryId: string; close: boolean; now: Date },
): Promise<void> {
  await database().query(
    `update bundle set delivery_id = $2, told_at = $3, due_at = null, waiting = 0,
            waits_since = null, closed_at = case when $4 then $3::timestamptz end
      where id = $1`,
    [id, told.deliveryId, told.now, told.close],
  );
}

/** When groups were told last, by `bundleKey`. */
export async function groupsTold(
  wanted: readonly { destination: string; key: string }[],
): Promise<Map<string, Date>> {
  if (wanted.length === 0) return new Map();
  const rows = await database().query<{ destination: string; key: string; told_at: Date }>(
    `select destination, key, max(told_at) as told_at
       from bundle join unnest($1::text[], $2::text[]) as wanted (destination, key)
            using (destination, key)
      where kind = 'group' and told_at is not null group by 1, 2`,
    [wanted.map((one) => one.destination), wanted.map((one) => one.key)],
  );
  return new Map(rows.map((row) => [bundleKey(row.destination, row.key), row.told_at]));
}

function bundleOf(row: Row): Bundle {
  return {
    id: row.id,
    destination: row.destination,
    key: row.key,
    kind: row.kind,
    openedAt: row.opened_at,
    lastAt: row.last_at,
    dueAt: row.due_at ?? undefined,
    waiting: row.waiting,
    waitsSince: row.waits_since ?? undefined,
    topics: row.topics,
    deliveryId: row.delivery_id ?? undefined,
    toldAt: row.told_at ?? undefined,
    eventId: row.event_id ?? undefined,
    repeatMs: row.repeat_ms === null ? undefined : Number(row.repeat_ms),
  };
}
