import { database } from "../../../database/connect.ts";
import { SuiteRelease } from "../../../model/archive-suite.ts";
import { createProgressMeter } from "../../../operation/progress-meter.ts";
import { verifiedContent } from "../content/verified-content.ts";
import { createDownloadCache } from "../download-cache.ts";
import { createFetcher, type Fetcher } from "../fetch.ts";
import { untilFitting } from "../fetch-again.ts";
import { fetchIndices } from "../fetch-indices.ts";
import { fetchRelease } from "../fetch-release.ts";
import type { ImportOptions } from "../store-suite.ts";
import type { ConfiguredSuite } from "../suites.ts";
import { planContents, type WantedContents } from "./plan-contents.ts";
import { type ContentsEntry, type ContentsQuery, searchContents } from "./search-contents.ts";

export interface FindOptions extends Omit<ImportOptions, "force" | "dryRun"> {
  /** Stop when so many files are found. */
  limit: number;
}

export interface FoundFiles {
  entries: ContentsEntry[];
  /** Whether there may be more than the limit. */
  more: boolean;
}

/**
 * Searches the Contents of a suite, which are fetched when somebody asks and kept in the cache of
 * downloads by their hash: rows for seven million paths would cost more than they are ever asked.
 *
 * @throws OperatorError `SUITE_LACKS_CONTENTS`, and what goes wrong with a mirror
 */
export async function findFiles(
  suite: ConfiguredSuite,
  query: ContentsQuery,
  options: FindOptions,
): Promise<FoundFiles> {
  const wanted = await wantedContents(suite, query);
  // What the suite does not have has no files in it.
  if (wanted === undefined) return { entries: [], more: false };
  const fetcher = createFetcher(options);
  const onWait = (): void =>
    options.progress({ step: `${suite.name}: waiting, its mirror is being updated` });
  try {
    return await untilFitting(() => search(suite, wanted, query, fetcher, options), {
      ...options,
      onWait,
    });
  } finally {
    await fetcher.close();
  }
}

async function search(
  suite: ConfiguredSuite,
  wanted: WantedContents,
  query: ContentsQuery,
  fetcher: Fetcher,
  options: FindOptions,
): Promise<FoundFiles> {
  const { signal, limit } = options;
  const meter = createProgressMeter(options.progress);
  const before = (await SuiteRelease.findByPk(suite.id))?.get({ plain: true });
  // Which state is searched does not matter to what is imported: a step back is no harm.
  const asked = { ...options, force: true };
  const { release, mirror } = await fetchRelease(fetcher, suite, before, asked);
  const planned = planContents(wanted, release);
  const total = planned.reduce((sum, one) => sum + (one.forms[0]?.file.size ?? 0), 0);
  const fetching = meter.begin(`${suite.name}: fetching Contents`, total);
  const reading = meter.begin(`${suite.name}: searching`);
  const files = fetchIndices(planned, {
    fetcher,
    cache: createDownloadCache(options.downloads),
    mirrors: [mirror, ...suite.mirrors.filter((other) => other !== mirror)],
    suite: suite.name,
    byHash: release.acquireByHash,
    signal,
    fetching,
  });
  const found = new Map<string, Set<string>>();
  let more = false;
  for await (const [one, file] of files) {
    const part = reading.part(one.path, one.plain?.size);
    try {
      const content = verifiedContent(one, file, { signal, onBytes: (bytes) => part.add(bytes) });
      for await (const { path, packages } of searchContents(content, query)) {
        // Read on all the same: only at its end a file is known to be the one that is listed.
        if (found.size === limit && !found.has(path)) more = true;
        if (more && !found.has(path)) continue;
        const known = found.get(path) ?? new Set();
        for (const name of packages) known.add(name);
        found.set(path, known);
      }
    } finally {
      part.end();
      await file.close();
    }
  }
  return answerOf(found, more);
}

function answerOf(found: Map<string, Set<string>>, more: boolean): FoundFiles {
  const entries = [...found].map(([path, names]) => ({ path, packages: [...names].toSorted() }));
  return { entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)), more };
}

/** Where what is looked for can stand; undefined for a package that the suite does not have. */
async function wantedContents(
  suite: ConfiguredSuite,
  query: ContentsQuery,
): Promise<WantedContents | undefined> {
  const { name, components, architectures } = suite;
  const anyArchitecture = architectures[0];
  if (!("package" in query)) {
    return { name, components, architectures: [...architectures, "all"], anyArchitecture };
  }
  const rows = await database().query<{ component: string; architecture: string }>(
    `select distinct i.component, p.architecture
       from binary_package p join archive_index i on i.id = p.index_id
      where p.name = $1 and i.suite_id = $2 and i.kind = 'deb'`,
    [query.package, suite.id],
  );
  if (rows.length === 0) return undefined;
  return {
    name,
    components: [...new Set(rows.map((row) => row.component))],
    architectures: [...new Set(rows.map((row) => row.architecture))],
    anyArchitecture,
  };
}
