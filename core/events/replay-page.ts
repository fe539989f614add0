import type { z } from "zod";
import { database } from "../database/connect.ts";
import type { NumberedEvent } from "./sequence.ts";
import { lighthouseState } from "./sequence.ts";
import type { ReplayRequest, ReplayState } from "./replay.ts";
import { likeOfGlob } from "./tag-glob.ts";

/** So many numbers are looked through for one page when not all of their events are wanted. */
const LOOKED_THROUGH = 5_000;
/** A page holds texts of this size at most, or one event. */
const PAGE_BYTES = 2 << 20;

/** Reads one page of the journal, as Lighthouse replays it. */
export async function replayPage(
  request: z.output<typeof ReplayRequest>,
): Promise<ReplayState & { events: NumberedEvent[] }> {
  const { id: lighthouse, sequence: newest } = await lighthouseState();
  const oldest = await oldestNumber(newest);
  const state = { lighthouse, newest, oldest, next: null };
  if (request.limit === 0) return { ...state, events: [] };
  if (request.uuid !== undefined) return { ...state, events: await byUuid(request.uuid) };
  /** The first number given at or after a time. */
  function firstSince(time: string | undefined): Promise<number> | undefined {
    if (time === undefined) return undefined;
    return firstNumber(oldest, newest, "numbered_at >= $2::timestamptz", time);
  }

  const [after, before] = [await firstSince(request.since), await firstSince(request.until)];
  const from = Math.max(request.from ?? 1, after ?? 1, oldest);
  const to = Math.min(request.to ?? newest, (before ?? newest + 1) - 1);
  if (from > to) return { ...state, events: [] };
  const filtered = request.tag !== undefined;
  const last = await pageEnd(from, to, filtered ? LOOKED_THROUGH : request.limit);
  const rows = await database().query<{ sequence: string; body: string }>(
    `select sequence, body from event_number join event on event.id = event_id
      where sequence between $1 and $2 and ($3::text is null or tag like $3)
      order by sequence limit $4`,
    [from, last, filtered ? likeOfGlob(request.tag ?? "*") : null, request.limit],
  );
  const events = rows.map((row) => ({ sequence: Number(row.sequence), body: row.body }));
  // Filled before its end: the rest begins behind the last one that fitted.
  const end = events.length === request.limit ? (events.at(-1)?.sequence ?? last) : last;
  return { ...state, next: end < to ? end + 1 : null, events };
}

/** The first number that is still kept. */
export async function oldestNumber(newest: number): Promise<number> {
  const [row] = await database().query<{ oldest: string | null }>(
    "select min(sequence) as oldest from event_number",
  );
  return Number(row?.oldest ?? newest + 1);
}

async function byUuid(uuid: string): Promise<NumberedEvent[]> {
  const rows = await database().query<{ sequence: string; body: string }>(
    `select sequence, body from event join event_number on event.id = event_id where uuid = $1`,
    [uuid],
  );
  return rows.map((row) => ({ sequence: Number(row.sequence), body: row.body }));
}

/**
 * The first number for which something holds that holds for all after it as well. Numbers have no
 * gaps and times and sizes grow with them, so that halving finds it without an index of its own.
 *
 * @returns newest + 1 when it holds for none
 */
export async function firstNumber(
  oldest: number,
  newest: number,
  condition: "numbered_at >= $2::timestamptz" | "end_byte > $2::bigint",
  value: unknown,
): Promise<number> {
  let [low, high] = [oldest, newest + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = await database().query<{ holds: boolean }>(
      `select ${condition} as holds from event_number where sequence = $1`,
      [middle, value],
    );
    // A number that left meanwhile was one of the oldest.
    if (row?.holds === true) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function pageEnd(from: number, to: number, limit: number): Promise<number> {
  const [row] = await database().query<{ last: string | null }>(
    `select max(sequence) as last from event_number
      where sequence between $1 and $2 and end_byte <= $3 + (
              select end_byte from event_number first where first.sequence >= $1
               order by sequence limit 1)`,
    [from, Math.min(to, from + limit - 1), PAGE_BYTES],
  );
  return Number(row?.last ?? to);
}
