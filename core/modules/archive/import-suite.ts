import { database, inTransaction } from "../../database/connect.ts";
import { transactionClient } from "../../database/transaction.ts";
import { SuiteRelease } from "../../model/archive-suite.ts";
import { createProgressMeter, type ProgressMeter } from "../../operation/progress-meter.ts";
import type { IndexFile } from "./download.ts";
import { createDownloadCache } from "./download-cache.ts";
import { createFetcher, type Fetcher } from "./fetch.ts";
import { untilFitting } from "./fetch-again.ts";
import { fetchIndices } from "./fetch-indices.ts";
import { fetchRelease, type FetchedRelease } from "./fetch-release.ts";
import { type PlannedIndex, planIndices } from "./plan.ts";
import { storedIndices } from "./store.ts";
import {
  type ImportOptions,
  type ImportResult,
  isStored,
  storeSuite,
  type SuiteWork,
} from "./store-suite.ts";
import type { ConfiguredSuite } from "./suites.ts";

/**
 * Imports one suite: fetches and verifies its Release, fetches the indices that changed, and
 * stores them in one transaction, so that readers see the old suite or the new one, and an import
 * that ends midway leaves the old.
 *
 * @throws OperatorError for everything that is wrong with the mirror or the archive
 */
export async function importSuite(
  suite: ConfiguredSuite,
  options: ImportOptions,
): Promise<ImportResult> {
  const fetcher = createFetcher(options);
  const onWait = (): void =>
    options.progress({ step: `${suite.name}: waiting, its mirror is being updated` });
  try {
    return await untilFitting(() => importOnce(suite, fetcher, options), { ...options, onWait });
  } finally {
    await fetcher.close();
  }
}

async function importOnce(
  suite: ConfiguredSuite,
  fetcher: Fetcher,
  options: ImportOptions,
): Promise<ImportResult> {
  const startedAt = new Date();
  const meter = createProgressMeter(options.progress);
  const files = new Map<PlannedIndex, IndexFile>();
  try {
    meter.say(`${suite.name}: asking for its Release`);
    const before = (await SuiteRelease.findByPk(suite.id))?.get({ plain: true });
    const fetched = await fetchRelease(fetcher, suite, before, options);
    const planned = planIndices(suite, fetched.release);
    const stored = await inTransaction(() => storedIndices(transactionClient(), suite.id));
    const due = planned.filter((index) => options.force || !isStored(index, stored));
    await fetchAll(due, files, suite, fetched, fetcher, options, meter);
    const work: SuiteWork = { suite, planned, files, fetched, startedAt, options, meter };
    const result = options.dryRun
      ? await tryOut(work)
      : await inTransaction(() => storeSuite(work));
    if (result.first && !options.dryRun) await analyze();
    return result;
  } finally {
    for (const file of files.values()) await file.close();
  }
}

async function fetchAll(
  due: PlannedIndex[],
  files: Map<PlannedIndex, IndexFile>,
  suite: ConfiguredSuite,
  { release, mirror }: FetchedRelease,
  fetcher: Fetcher,
  options: ImportOptions,
  meter: ProgressMeter,
): Promise<void> {
  const total = due.reduce((sum, index) => sum + (index.forms[0]?.file.size ?? 0), 0);
  const fetching = meter.begin(`${suite.name}: fetching`, total);
  const fetched = fetchIndices(due, {
    fetcher,
    cache: createDownloadCache(options.downloads),
    mirrors: [mirror, ...suite.mirrors.filter((other) => other !== mirror)],
    suite: suite.name,
    byHash: release.acquireByHash,
    signal: options.signal,
    fetching,
  });
  for await (const [index, file] of fetched) files.set(index, file);
  fetching.end();
}

/** Thrown to end a transaction that must leave nothing behind. */
class RolledBack extends Error {
  readonly result: ImportResult;
  constructor(result: ImportResult) {
    super("rolled back on purpose");
    this.result = result;
  }
}

async function tryOut(work: SuiteWork): Promise<ImportResult> {
  try {
    return await inTransaction(async () => {
      throw new RolledBack(await storeSuite(work));
    });
  } catch (thrown) {
    if (thrown instanceof RolledBack) return thrown.result;
    throw thrown;
  }
}

/**
 * After a first import the planner knows nothing of the tables yet. A small sample will do until
 * autovacuum takes a better one: the full one costs as much as the rows themselves.
 */
async function analyze(): Promise<void> {
  await inTransaction(async () => {
    await database().query("set local default_statistics_target = 10");
    await database().query("analyze archive_index, source_package, source_file, binary_package");
  });
}
