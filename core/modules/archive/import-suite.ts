import { database, inTransaction } from "../../database/connect.ts";
import { transactionClient } from "../../database/transaction.ts";
import { SuiteRelease } from "../../model/archive-suite.ts";
import { type PlannedContent, planContent } from "./content/plan-content.ts";
import { isContentStored, storedContent } from "./content/store-content.ts";
import type { IndexFile } from "./download.ts";
import { createDownloadCache } from "./download-cache.ts";
import { createFetcher, type Fetcher } from "./fetch.ts";
import { untilFitting } from "./fetch-again.ts";
import { fetchIndices } from "./fetch-indices.ts";
import { fetchRelease, type FetchedRelease } from "./fetch-release.ts";
import { type PlannedFile, planIndices } from "./plan.ts";
import { storedIndices } from "./store.ts";
import {
  type ImportResult,
  isStored,
  storeSuite,
  type SuiteOptions,
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
  options: SuiteOptions,
): Promise<ImportResult> {
  const fetcher = createFetcher(options);
  const onWait = (): void =>
    options.meter.say(`${suite.name}: waiting, its mirror is being updated`);
  try {
    return await untilFitting(() => importOnce(suite, fetcher, options), { ...options, onWait });
  } finally {
    await fetcher.close();
  }
}

async function importOnce(
  suite: ConfiguredSuite,
  fetcher: Fetcher,
  options: SuiteOptions,
): Promise<ImportResult> {
  const startedAt = new Date();
  options.meter.say(`${suite.name}: asking for its Release`);
  const before = (await SuiteRelease.findByPk(suite.id))?.get({ plain: true });
  const fetched = await fetchRelease(fetcher, suite, before, options);
  const planned = planIndices(suite, fetched.release);
  const stored = await inTransaction(() => storedIndices(transactionClient(), suite.id));
  const due = planned.filter((index) => options.force || !isStored(index, stored));
  const content = planContent(suite, fetched.release);
  const dueContent = await dueOfContent(suite, content, options);
  const packages = startFetching("packages", due, suite, fetched, fetcher, options);
  const besides = startFetching("content", dueContent, suite, fetched, fetcher, options);
  try {
    // The transaction begins when there is something to read, and reads while the rest comes in.
    await packages.first;
    const work: SuiteWork = {
      suite,
      planned,
      due,
      files: packages.files,
      content: { planned: content, due: dueContent, files: besides.files },
      fetched,
      startedAt,
      options,
    };
    const result = options.dryRun
      ? await tryOut(work)
      : await inTransaction(() => storeSuite(work));
    if (result.first && !options.dryRun) await analyze();
    return result;
  } finally {
    await packages.close();
    await besides.close();
  }
}

async function dueOfContent(
  suite: ConfiguredSuite,
  planned: PlannedContent[],
  { force }: SuiteOptions,
): Promise<PlannedContent[]> {
  const stored = await inTransaction(() => storedContent(transactionClient(), suite.id));
  return planned.filter((one) => force || !isContentStored(one, stored));
}

/** Files that are coming in. */
interface Fetching<File> {
  /** Resolves when the first is there. */
  first: Promise<unknown>;
  files: AsyncIterable<[File, IndexFile]>;
  /** Stops what still runs, and closes what nobody took. */
  close(): Promise<void>;
}

/** Begins to fetch. What goes wrong is heard of where the files are taken. */
function startFetching<File extends PlannedFile>(
  what: string,
  due: File[],
  suite: ConfiguredSuite,
  { release, mirror }: FetchedRelease,
  fetcher: Fetcher,
  options: SuiteOptions,
): Fetching<File> {
  const total = due.reduce((sum, index) => sum + (index.forms[0]?.file.size ?? 0), 0);
  const fetching = options.meter.begin(`${suite.name}: fetching ${what}`, total);
  const stop = new AbortController();
  const fetched = fetchIndices(due, {
    fetcher,
    cache: createDownloadCache(options.downloads),
    mirrors: [mirror, ...suite.mirrors.filter((other) => other !== mirror)],
    suite: suite.name,
    byHash: release.acquireByHash,
    signal: AbortSignal.any([options.signal, stop.signal]),
    fetching,
  });
  const first = fetched.next();
  first.catch(() => undefined);
  let taken = false;

  async function* files(): AsyncGenerator<[File, IndexFile]> {
    const one = await first;
    taken = true;
    if (one.done !== true) yield one.value;
    yield* fetched;
  }

  return {
    first,
    files: files(),
    async close() {
      // Else what is waited for has to come in before it can be closed.
      stop.abort();
      await fetched.return(undefined);
      const one = taken ? undefined : await first.catch(() => undefined);
      if (one?.done === false) await one.value[1].close();
      fetching.end();
    },
  };
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
