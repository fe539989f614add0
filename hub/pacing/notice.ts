import { database } from "../../core/database/connect.ts";
import type { Decision } from "../routing/decision.ts";
import type { Known } from "./news.ts";
import type { LiveThread } from "./place.ts";

/** What became of an event for a destination. */
export type NoticeState = "told" | "held" | "collapsed" | "suppressed" | "silent";

/** A notice as it is written first. */
export interface NewNotice {
  known: Known;
  decision: Decision;
  state: NoticeState;
  note?: string;
  bundleId?: string | undefined;
  deliveryId?: string | undefined;
}

const COLUMNS: readonly (readonly [name: string, type: string, (of: NewNotice) => unknown])[] = [
  ["event_id", "bigint", ({ known }) => known.event.id],
  ["destination", "text", ({ decision }) => decision.destination],
  ["state", "text", ({ state }) => state],
  ["note", "text", ({ note }) => note ?? null],
  ["bundle_id", "bigint", ({ bundleId }) => bundleId ?? null],
  ["delivery_id", "uuid", ({ deliveryId }) => deliveryId ?? null],
  ["tag", "text", ({ known }) => known.event.tag],
  ["place", "text", ({ known }) => known.place],
  ["thread", "text", ({ known }) => known.thread ?? null],
  ["object", "text", ({ known }) => known.story.object ?? null],
  ["state_from", "text", ({ known }) => known.story.from ?? null],
  ["state_to", "text", ({ known }) => known.story.to ?? null],
  ["did", "text", ({ known }) => known.story.did ?? null],
  ["weight", "smallint", ({ known }) => known.weight],
];

const NAMES = COLUMNS.map(([name]) => name).join(", ");
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 4}::${type}[]`).join(", ");

/** Writes notices, in one statement. What is known already stays as it is. */
export async function storeNotices(notices: readonly NewNotice[], now: Date): Promise<void> {
  if (notices.length === 0) return;
  await database().query(
    `insert into notice (decided_at, reasons, refs, ${NAMES})
     select $1, ${elements("reasons")}, ${elements("refs")}, ${NAMES}
       from unnest($2::text[], $3::text[], ${ARRAYS}) as n (reasons, refs, ${NAMES})
     on conflict do nothing`,
    [
      now,
      notices.map(({ decision }) => JSON.stringify(decision.reasons.map(({ name }) => name))),
      notices.map(({ decision }) => JSON.stringify(refsOf(decision))),
      ...COLUMNS.map(([, , value]) => notices.map(value)),
    ],
  );
}

/** The elements of a list that travels as JSON: arrays of arrays must not be ragged. */
function elements(column: string): string {
  return `array(select jsonb_array_elements_text(n.${column}::jsonb))`;
}

/** What the reader can end, for the link in the message. */
export function refsOf({ reasons }: Decision): string[] {
  return reasons.flatMap(({ ref }) => ref ?? []);
}

/** How long a message can be gone on with, and how far back changes are counted. */
const LIVE = "6 hours";
const COUNTED = "1 hour";

/**
 * What destinations were told of causes and objects lately, by `threadKey`. What was told among
 * others has no message that could be gone on with.
 */
export async function liveThreads(
  wanted: readonly { destination: string; thread: string }[],
  now: Date,
): Promise<Map<string, LiveThread>> {
  if (wanted.length === 0) return new Map();
  const rows = await database().query<{
    destination: string;
    thread: string;
    root: string | null;
    weight: number;
    changes: number;
  }>(
    `select destination, thread, root, coalesce(weight, 0) as weight, changes
       from (select distinct destination, thread
               from unnest($1::text[], $2::text[]) as w (destination, thread)) wanted,
     lateral (
       select (array_agg(delivery_id order by event_id desc)
                filter (where state = 'told' and bundle_id is null))[1] as root,
              (array_agg(weight order by event_id desc)
                filter (where state = 'told' and bundle_id is null))[1] as weight,
              (count(*) filter (where decided_at > $3::timestamptz - interval '${COUNTED}'))::integer
                as changes
         from (select * from notice
                where notice.destination = wanted.destination and notice.thread = wanted.thread
                order by event_id desc limit 10) recent
        where decided_at > $3::timestamptz - interval '${LIVE}'
     ) lately
     where changes > 0 or root is not null`,
    [wanted.map((one) => one.destination), wanted.map((one) => one.thread), now],
  );
  return new Map(
    rows.map(({ destination, thread, root, weight, changes }) => [
      threadKey(destination, thread),
      { root: root ?? undefined, weight, changes },
    ]),
  );
}

/** One text for a destination and a thread. */
export function threadKey(destination: string, thread: string): string {
  return `${destination} ${thread}`;
}
