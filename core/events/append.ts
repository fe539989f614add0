import { copyOfRows, createCopyEncoder } from "../database/copy-encoder.ts";
import { openCopy } from "../database/copy-stream.ts";
import { database, inTransaction } from "../database/connect.ts";
import { transactionClient } from "../database/transaction.ts";
import { EVENT_COLUMNS, type EventRows, rowWithId } from "./event-rows.ts";
import { JOURNAL_CHANNEL } from "./journal.ts";
import { lighthouseState } from "./sequence.ts";

/** How far the numbers are, under the lock on Lighthouse's row. */
interface Locked {
  sequence: number;
  /** Of all texts that ever got a number. */
  bytes: number;
}

/**
 * Writes submitted events into the journal, each with its number, in the running transaction or
 * one of its own. Numbers are given under the lock on Lighthouse's row (`sequence.ts`), which is
 * held until the transaction ends: keep it short.
 *
 * @param published up to which number this process has sent everything
 * @returns the numbers, in the order of events; those that were known have none
 * @throws unique_violation (SQLSTATE 23505) when another writer has just written one of the
 *   events; the next try knows it
 */
export function appendEvents(
  batches: readonly EventRows[],
  published: number,
): Promise<(number | undefined)[]> {
  return inTransaction(async () => {
    const state = await lockLighthouse();
    const isNew = newcomers(await knownUuids(batches.flatMap(({ uuids }) => uuids)));
    const fresh = batches.flatMap((batch) =>
      batch.uuids.map((uuid, index) => (isNew(uuid) ? { batch, index } : undefined)),
    );
    const added = fresh.filter((one) => one !== undefined);
    if (added.length > 0) await append(added, state, published);
    let { sequence } = state;
    return fresh.map((one) => (one === undefined ? undefined : (sequence += 1)));
  });
}

async function append(
  added: readonly { batch: EventRows; index: number }[],
  { bytes, sequence }: Locked,
  published: number,
): Promise<void> {
  const ids = await newIds(added.length);
  const numbers = createCopyEncoder();
  const rows = added.map(({ batch, index }, place) => {
    const id = ids[place] ?? 0;
    numbers.row(3);
    numbers.bigint((sequence += 1));
    numbers.bigint(id);
    numbers.bigint((bytes += batch.sizes[index] ?? 0));
    return rowWithId(batch, index, id);
  });
  const client = transactionClient();
  await openCopy(client, "event", EVENT_COLUMNS).end(copyOfRows(rows));
  const columns = ["sequence", "event_id", "end_byte"];
  await openCopy(client, "event_number", columns).end(numbers.finish());
  await database().query(
    `update lighthouse set sequence = $1, bytes = $2, published = greatest(published, $3)`,
    [sequence, bytes, published],
  );
  await database().query("select pg_notify($1, '')", [JOURNAL_CHANNEL]);
}

/** Nobody else gives numbers until the transaction ends. */
async function lockLighthouse(): Promise<Locked> {
  const lock = "select sequence, bytes from lighthouse for update";
  let [row] = await database().query<{ sequence: string; bytes: string }>(lock);
  if (row === undefined) {
    await lighthouseState();
    [row] = await database().query(lock);
  }
  if (row === undefined) throw new Error("the Lighthouse of this database vanished");
  return { sequence: Number(row.sequence), bytes: Number(row.bytes) };
}

async function knownUuids(uuids: readonly string[]): Promise<Set<string>> {
  const rows = await database().query<{ uuid: string }>(
    `select uuid from event where uuid = any ($1::uuid[])
     union all select uuid from event_seen where uuid = any ($1::uuid[])`,
    [uuids],
  );
  return new Set(rows.map(({ uuid }) => uuid));
}

/** Tells whether a uuid is none of those known, nor one that was asked about before. */
function newcomers(known: Set<string>): (uuid: string) => boolean {
  return (uuid) => {
    const { size } = known;
    return known.add(uuid).size > size;
  };
}

async function newIds(count: number): Promise<number[]> {
  const [row] = await database().query<{ ids: string }>(
    `select string_agg(nextval(pg_get_serial_sequence('event', 'id'))::text, ',') as ids
       from generate_series(1, $1::int)`,
    [count],
  );
  return (row?.ids ?? "").split(",").map(Number);
}
