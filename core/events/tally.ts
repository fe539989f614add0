import { database } from "../database/connect.ts";

/** The books: of frames heard on the bus, and of those submitted to Lighthouse. */
export type Book = "intake_tally" | "submission_tally";

/** What became of frames: `received` is always the sum of the others. */
export interface Tally {
  received: number;
  stored: number;
  duplicate: number;
  /** By the code of the refusal: `wrong-signature`. */
  quarantined: Record<string, number>;
}

/** Adds to a book, in the transaction that makes it true. */
export async function addToTally(book: Book, tally: Tally): Promise<void> {
  const counts: Record<string, number> = {
    received: tally.received,
    stored: tally.stored,
    duplicate: tally.duplicate,
  };
  for (const [code, count] of Object.entries(tally.quarantined)) {
    counts[`quarantined:${code}`] = count;
  }
  // In one order, so that two writers never wait for each other in a ring.
  const outcomes = Object.keys(counts)
    .filter((outcome) => counts[outcome] !== 0)
    .toSorted();
  if (outcomes.length === 0) return;
  await database().query(
    `insert into ${book} as tally (outcome, count)
     select * from unnest($1::text[], $2::bigint[])
     on conflict (outcome) do update set count = tally.count + excluded.count`,
    [outcomes, outcomes.map((outcome) => counts[outcome])],
  );
}

/** All that was ever added to a book. */
export async function readTally(book: Book): Promise<Tally> {
  const rows = await database().query<{ outcome: string; count: string }>(
    `select outcome, count from ${book}`,
  );
  const counts = new Map(rows.map((row) => [row.outcome, Number(row.count)]));
  const refusals = [...counts].filter(([outcome]) => outcome.startsWith("quarantined:"));
  return {
    received: counts.get("received") ?? 0,
    stored: counts.get("stored") ?? 0,
    duplicate: counts.get("duplicate") ?? 0,
    quarantined: Object.fromEntries(
      refusals.map(([outcome, count]) => [outcome.slice("quarantined:".length), count]),
    ),
  };
}
