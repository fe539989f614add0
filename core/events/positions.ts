import { database } from "../database/connect.ts";
import type { Position } from "./published.ts";

/** Up to where a reader of the bus has heard each Lighthouse. */
export async function loadPositions(reader: string): Promise<Position[]> {
  const rows = await database().query<{ lighthouse: string; sequence: string }>(
    "select lighthouse, sequence from bus_position where reader = $1",
    [reader],
  );
  return rows.map((row) => ({ lighthouse: row.lighthouse, sequence: Number(row.sequence) }));
}

/**
 * Notes where a reader stands, in the transaction that stores what it heard: of several positions
 * in a Lighthouse the last one.
 */
export async function savePositions(reader: string, positions: readonly Position[]): Promise<void> {
  const last = new Map(positions.map(({ lighthouse, sequence }) => [lighthouse, sequence]));
  if (last.size === 0) return;
  const names = [...last.keys()].toSorted();
  await database().query(
    `insert into bus_position (reader, lighthouse, sequence)
     select $1, * from unnest($2::uuid[], $3::bigint[])
     on conflict (reader, lighthouse) do update set sequence = excluded.sequence`,
    [reader, names, names.map((name) => last.get(name))],
  );
}
