import type { ClientBase } from "pg";
import { transactionClient } from "../../database/transaction.ts";
import type { Release } from "../../debian/release.ts";
import { emitEvent } from "../../events/emit.ts";
import type { Log } from "../../log.ts";
import { deleteIndices } from "../../model/archive-removal.ts";
import { Suite, SuiteRelease } from "../../model/archive-suite.ts";
import type { Progress } from "../../operation/declare.ts";
import type { MeteredWork, ProgressMeter } from "../../operation/progress-meter.ts";
import { announceChanges, type Singles } from "./announce.ts";
import {
  type ContentCounts,
  contentCounts,
  type ContentWork,
  storeContent,
} from "./content/store-content.ts";
import type { IndexFile } from "./download.ts";
import type { FetchOptions } from "./fetch.ts";
import type { FetchedRelease } from "./fetch-release.ts";
import { writeJournal } from "./journal.ts";
import { loadIndex } from "./load.ts";
import { createStages, mergeIndex, noteDeletedIndex, refuseDuplicates } from "./merge.ts";
import { createKnownStanzas } from "./known-stanzas.ts";
import { openAhead, type OpenIndex } from "./open-ahead.ts";
import { contentHash, type PlannedIndex } from "./plan.ts";
import {
  beginRun,
  describeIndex,
  finishRun,
  indexRow,
  knownStanzas,
  lockSuite,
  sameIndex,
  storedIndices,
  type StoredIndex,
  type SuiteCounts,
  suiteCounts,
} from "./store.ts";
import type { ConfiguredSuite } from "./suites.ts";

export interface ImportOptions extends Omit<FetchOptions, "signal"> {
  signal: AbortSignal;
  log: Log;
  /** The folder that downloads are kept in. */
  downloads: string;
  /** Read all indices again, and accept a Release older than the last one. */
  force: boolean;
  /** Find out what would change, and write nothing. */
  dryRun: boolean;
  progress(progress: Progress): void;
  /** How many packages are told one by one, if not as many as any suite has. */
  mostSingle?: number;
}

/** As `ImportOptions`, with what all suites of an import share: progress, and who is told of what. */
export type SuiteOptions = Omit<ImportOptions, "progress"> & {
  meter: ProgressMeter;
  singles: Singles;
};

/** What an import of one suite did, or would do. */
export interface ImportResult extends SuiteCounts {
  repository: string;
  suite: string;
  first: boolean;
  /** Indices that were read; 0 when nothing had changed. */
  indices: number;
  /** Uncompressed. */
  bytes: number;
  changes: { change: string; count: number }[];
  /** What it has besides packages, by kind. */
  content: ContentCounts;
}

/** What the transaction of an import needs. */
export interface SuiteWork {
  suite: ConfiguredSuite;
  planned: PlannedIndex[];
  /** Those of them to read. */
  due: PlannedIndex[];
  /** Their contents, as they come in; who takes one closes it. */
  files: AsyncIterable<[PlannedIndex, IndexFile]>;
  content: ContentWork;
  fetched: FetchedRelease;
  startedAt: Date;
  options: SuiteOptions;
}

/**
 * Stores what was fetched, in the caller's transaction: all of it becomes visible at once, or
 * nothing does.
 *
 * @throws OperatorError for everything that is wrong with an index
 */
export async function storeSuite(work: SuiteWork): Promise<ImportResult> {
  const { suite, planned, options } = work;
  const client = transactionClient();
  await lockSuite(client, suite.id, options.signal, () =>
    options.meter.say(`${suite.name}: waiting for another import of it`),
  );
  const row = await Suite.findByPk(suite.id, { rejectOnEmpty: true });
  const stored = await storedIndices(client, suite.id);
  const obsolete = stored.filter((one) => !planned.some((index) => sameIndex(one, index)));
  // Another import may have stored some of them while this one fetched.
  const due = work.due.filter((index) => options.force || !isStored(index, stored));
  const result: ImportResult = {
    repository: suite.repository,
    suite: suite.name,
    first: row.importedAt === null,
    indices: due.length,
    bytes: 0,
    changes: [],
    content: {},
    ...(await suiteCounts(client, suite.id)),
  };
  if (isOvertaken(row, work)) return { ...result, indices: 0 };
  const changed = due.length > 0 || obsolete.length > 0;
  if (changed) await storeChanges(work, result, due, obsolete);
  await storeContent(client, work.content, { ...options, suite });
  result.content = await contentCounts(client, suite.id);
  await describeSuite(row, work, changed);
  return result;
}

/** Whether another import stored a later Release while this one fetched. */
function isOvertaken(row: Suite, { fetched, options }: SuiteWork): boolean {
  return !options.force && row.releaseDate !== null && row.releaseDate > fetched.release.date;
}

async function storeChanges(
  work: SuiteWork,
  result: ImportResult,
  due: PlannedIndex[],
  obsolete: StoredIndex[],
): Promise<void> {
  const { suite, fetched, startedAt } = work;
  const client = transactionClient();
  const runId = await beginRun(client, suite.id, startedAt, fetched.release.date);
  if (!result.first) await createStages(client);
  const reading = beginReading(work, due);
  const reader = createReader(work, result, client, runId, reading);
  try {
    for await (const open of openAhead(work.files, work.options.signal)) {
      try {
        if (due.includes(open.index)) await reader(open);
      } finally {
        open.content.destroy();
        await open.file.close();
      }
    }
  } finally {
    reading.end();
  }
  for (const index of obsolete) {
    if (!result.first) {
      await noteDeletedIndex(client, { ...index, suiteId: suite.id, indexId: index.id });
    }
    await deleteIndices([index.id]);
  }
  Object.assign(result, await suiteCounts(client, suite.id));
  const changes = result.first ? 0 : await writeJournal(client, runId, suite.id);
  await finishRun(client, runId, { ...result, changes });
  if (changes > 0) result.changes = await changeCounts(client, runId);
  await announce(client, runId, work, result);
}

function beginReading({ suite, options }: SuiteWork, due: readonly PlannedIndex[]): MeteredWork {
  const sizes = due.map((index) => index.plain?.size);
  const known = sizes.every((size) => size !== undefined);
  const total = known ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
  return options.meter.begin(`${suite.name}: reading`, total);
}

/** Reads one index after the other into the tables (first import) or the stages. */
function createReader(
  { suite, options }: SuiteWork,
  result: ImportResult,
  client: ClientBase,
  runId: number,
  reading: MeteredWork,
): (open: OpenIndex) => Promise<void> {
  let count = 0;
  // Ids stay below 2^53 for half a billion runs, and no run stores sixteen million rows.
  const nextId = (): number => runId * 2 ** 24 + count++;
  return async ({ index, file, content }) => {
    const indexId = await indexRow(client, suite.id, index);
    const known = result.first
      ? createKnownStanzas(Buffer.alloc(0))
      : await knownStanzas(client, index.kind, indexId);
    const part = reading.part(index.path, index.plain?.size);
    const { signal } = options;
    const loaded = await loadIndex(
      {
        name: file.url,
        kind: index.kind,
        indexId,
        content,
        expected: index.plain,
      },
      {
        client,
        suffix: result.first ? "" : "_stage",
        known,
        nextId,
        signal,
        onRead: (bytes, stanzas) => {
          result.bytes += bytes;
          part.add(bytes, stanzas);
        },
      },
    ).catch(async (thrown: unknown) => {
      await file.verify();
      throw thrown;
    });
    const gone = known.left();
    const staged = { ...index, indexId, url: file.url, suiteId: suite.id };
    if (!result.first && (gone.length > 0 || loaded.rows > 0)) {
      await mergeIndex(client, { ...staged, gone, inOrder: loaded.inOrder });
    }
    if (result.first && !loaded.inOrder) await refuseDuplicates(client, staged, "");
    await describeIndex(client, indexId, { ...loaded, sha256: contentHash(index) });
    part.end();
  };
}

async function changeCounts(client: ClientBase, runId: number): Promise<ImportResult["changes"]> {
  const { rows } = await client.query<{ change: string; count: number }>(
    `select change, count(distinct source_name)::integer as count
       from archive_change where run_id = $1 group by change order by change`,
    [runId],
  );
  return rows;
}

async function announce(
  client: ClientBase,
  runId: number,
  { suite, options }: SuiteWork,
  result: ImportResult,
): Promise<void> {
  const target = { repo: suite.repository, suite: suite.name };
  if (!result.first) return announceChanges(client, runId, target, options.singles);
  const { sources, binaries, udebs, bytes } = result;
  const { components, architectures } = suite;
  await emitEvent("_lk.archive.suite-imported", {
    ...target,
    sources,
    binaries,
    udebs,
    components,
    architectures,
    bytes,
  });
}

async function describeSuite(row: Suite, work: SuiteWork, changed: boolean): Promise<void> {
  const { release, copy } = work.fetched;
  if (row.failingSince !== null) {
    await emitEvent("_lk.archive.import-recovered", {
      repo: work.suite.repository,
      suite: work.suite.name,
      failing_since: row.failingSince.toISOString(),
    });
  }
  const now = new Date();
  await row.update({
    ...releaseFacts(release),
    checkedAt: now,
    ...(changed ? { importedAt: now } : {}),
    failingSince: null,
    failure: null,
  });
  if (copy !== undefined) await SuiteRelease.upsert({ suiteId: row.id, ...copy });
}

function releaseFacts(release: Release): Partial<Suite> {
  return {
    codename: release.codename ?? null,
    origin: release.origin ?? null,
    label: release.label ?? null,
    version: release.version ?? null,
    releaseDate: release.date,
  };
}

/** Whether an index is stored as the Release lists it. */
export function isStored(index: PlannedIndex, stored: readonly StoredIndex[]): boolean {
  return stored.some((one) => sameIndex(one, index) && one.sha256 === contentHash(index));
}
