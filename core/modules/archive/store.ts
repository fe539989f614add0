import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase } from "pg";
import { createKnownStanzas, type KnownStanzas } from "./known-stanzas.ts";
import type { PlannedIndex } from "./plan.ts";

/** An index as it was last imported. */
export interface StoredIndex {
  id: number;
  kind: PlannedIndex["kind"];
  component: string;
  architecture: string;
  sha256: string;
}

const LOCK_POLL_MS = 200;

/**
 * Makes imports of one suite take turns, to the end of the transaction. Polls, because a waiting
 * statement would not hear of a cancellation.
 */
export async function lockSuite(
  client: ClientBase,
  suiteId: number,
  signal: AbortSignal,
  onWait: () => void,
): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ got: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended('import of suite ' || $1::text, 0)) as got",
      [suiteId],
    );
    if (rows[0]?.got === true) return;
    onWait();
    await sleep(LOCK_POLL_MS, undefined, { signal });
  }
}

export async function storedIndices(client: ClientBase, suiteId: number): Promise<StoredIndex[]> {
  const { rows } = await client.query<StoredIndex>(
    "select id, kind, component, architecture, sha256 from archive_index where suite_id = $1",
    [suiteId],
  );
  return rows;
}

export function sameIndex(
  a: Pick<StoredIndex, "kind" | "component" | "architecture">,
  b: Pick<StoredIndex, "kind" | "component" | "architecture">,
): boolean {
  return a.kind === b.kind && a.component === b.component && a.architecture === b.architecture;
}

/** The stored stanzas of an index. */
export async function knownStanzas(
  client: ClientBase,
  kind: PlannedIndex["kind"],
  indexId: number,
): Promise<KnownStanzas> {
  // One value instead of a row each: a tenth of the time for a large index.
  const table = kind === "source" ? "source_package" : "binary_package";
  const { rows } = await client.query<{ stanzas: Buffer | null }>(
    `select string_agg(int8send(stanza_hash) || int8send(id), ''::bytea) as stanzas
       from ${table} where index_id = $1`,
    [indexId],
  );
  return createKnownStanzas(rows[0]?.stanzas ?? Buffer.alloc(0));
}

/** The row of an index, made when it is new; its content is described by `describeIndex`. */
export async function indexRow(
  client: ClientBase,
  suiteId: number,
  index: PlannedIndex,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `insert into archive_index
            (suite_id, kind, component, architecture, path, sha256, size, stanza_count)
     values ($1, $2, $3, $4, $5, '', 0, 0)
     on conflict (suite_id, kind, component, architecture) do update set path = excluded.path
     returning id`,
    [suiteId, index.kind, index.component, index.architecture, index.path],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("an index got no row");
  return row.id;
}

export async function describeIndex(
  client: ClientBase,
  id: number,
  content: { sha256: string; size: number; stanzas: number },
): Promise<void> {
  await client.query(
    `update archive_index
        set sha256 = $2, size = $3, stanza_count = $4, imported_at = now()
      where id = $1`,
    [id, content.sha256, content.size, content.stanzas],
  );
}

/** A new run; its number makes the ids of the packages it stores. */
export async function beginRun(
  client: ClientBase,
  suiteId: number,
  startedAt: Date,
  releaseDate: Date,
): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `insert into import_run (suite_id, started_at, outcome, release_date)
     values ($1, $2, 'done', $3) returning id`,
    [suiteId, startedAt, releaseDate],
  );
  return Number(rows[0]?.id);
}

/** Counts of a suite's packages as its indices list them. */
export interface SuiteCounts {
  sources: number;
  binaries: number;
  udebs: number;
}

export async function suiteCounts(client: ClientBase, suiteId: number): Promise<SuiteCounts> {
  const { rows } = await client.query<SuiteCounts>(
    `select coalesce(sum(stanza_count) filter (where kind = 'source'), 0)::integer as sources,
            coalesce(sum(stanza_count) filter (where kind = 'deb'), 0)::integer as binaries,
            coalesce(sum(stanza_count) filter (where kind = 'udeb'), 0)::integer as udebs
       from archive_index where suite_id = $1`,
    [suiteId],
  );
  return rows[0] ?? { sources: 0, binaries: 0, udebs: 0 };
}

export async function finishRun(
  client: ClientBase,
  runId: number,
  counts: SuiteCounts & { indices: number; bytes: number; changes: number },
): Promise<void> {
  await client.query(
    `update import_run
        set finished_at = clock_timestamp(), indices = $2, bytes = $3, sources = $4,
            binaries = $5, changes = $6
      where id = $1`,
    [
      runId,
      counts.indices,
      counts.bytes,
      counts.sources,
      counts.binaries + counts.udebs,
      counts.changes,
    ],
  );
}
