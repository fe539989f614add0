import type { ClientBase } from "pg";
import { emitEvents } from "../../events/emit.ts";
import type { IndexKind } from "../../debian/index-path.ts";
import type { PackageChanged } from "./events.ts";

/** A row of the journal. */
export interface JournalRow {
  type: IndexKind;
  name: string;
  source_name: string;
  component: string;
  architecture: string;
  change: "added" | "updated" | "changed" | "removed";
  version_old: string | null;
  version_new: string | null;
}

/** Up to this many source packages are told one by one; more fold into one summary. */
export const MOST_SINGLE = 20;
const MOST_BINARIES = 50;
const FIRST_NAMES = 10;

interface Target {
  repo: string;
  suite: string;
}

/** What is told of a package, without the suite. */
export type ChangedPackage = Pick<
  PackageChanged,
  | "pkg_name"
  | "change"
  | "version_old"
  | "version_new"
  | "component"
  | "source_changed"
  | "binaries"
  | "binaries_count"
>;

/** Tells what a run changed, in its transaction: an event for each package, or one for all. */
export async function announceChanges(
  client: ClientBase,
  runId: number,
  target: Target,
): Promise<void> {
  const { rows } = await client.query<{ source_name: string }>(
    `select distinct source_name from archive_change where run_id = $1
      order by source_name limit ${MOST_SINGLE + 1}`,
    [runId],
  );
  if (rows.length === 0) return;
  if (rows.length > MOST_SINGLE) {
    await announceSummary(client, runId, target);
    return;
  }
  const journal = await client.query<JournalRow>(
    `select type, name, source_name, component, architecture, change, version_old, version_new
       from archive_change where run_id = $1 order by id`,
    [runId],
  );
  const changes = foldJournal(journal.rows);
  await emitEvents(
    changes.map((data) => ({ tag: "_lk.archive.package-changed", data: { ...target, ...data } })),
  );
}

/**
 * Folds journal rows into one change per source package. The source says what happened; where
 * only binaries changed (a rebuild, or a suite without sources), they say it. A source that left
 * one component and came into another is updated.
 */
export function foldJournal(rows: readonly JournalRow[]): ChangedPackage[] {
  const names = [...new Set(rows.map((row) => row.source_name))];
  return names.map((name) => {
    const own = rows.filter((row) => row.source_name === name);
    const sources = own.filter((row) => row.type === "source");
    const binaries = foldArchitectures(own.filter((row) => row.type !== "source"));
    const main = combine(sources.length > 0 ? sources : own);
    return {
      pkg_name: name,
      ...main,
      source_changed: sources.length > 0,
      binaries: binaries.slice(0, MOST_BINARIES),
      binaries_count: binaries.length,
    };
  });
}

type Happened = Pick<JournalRow, "change" | "version_old" | "version_new" | "component">;

function combine(rows: readonly JournalRow[]): Happened {
  const [first] = rows;
  if (first === undefined) throw new Error("a change without rows");
  const came = rows.find((row) => row.change === "added");
  const went = rows.find((row) => row.change === "removed" && row.version_new === null);
  const updated = rows.find((row) => row.change === "updated");
  if (updated === undefined && came !== undefined && went !== undefined) {
    return {
      change: "updated",
      version_old: went.version_old,
      version_new: came.version_new,
      component: came.component,
    };
  }
  const { change, version_old, version_new, component } = updated ?? first;
  return { change, version_old, version_new, component };
}

function foldArchitectures(rows: readonly JournalRow[]): PackageChanged["binaries"] {
  const folded = new Map<string, PackageChanged["binaries"][number]>();
  for (const { name, type, change, version_old, version_new, architecture } of rows) {
    if (type === "source") continue;
    const key = JSON.stringify([name, type, change, version_old, version_new]);
    const known = folded.get(key);
    if (known !== undefined) known.architectures.push(architecture);
    else {
      folded.set(key, {
        name,
        type,
        change,
        version_old,
        version_new,
        architectures: [architecture],
      });
    }
  }
  return [...folded.values()];
}

async function announceSummary(client: ClientBase, runId: number, target: Target): Promise<void> {
  const counts = await client.query<{ source: boolean; change: string; count: number }>(
    `select type = 'source' as source, change, count(distinct name)::integer as count
       from archive_change where run_id = $1 group by 1, 2`,
    [runId],
  );
  const names = await client.query<{ source_name: string; total: number }>(
    `select source_name, (count(*) over ())::integer as total
       from (select distinct source_name from archive_change where run_id = $1) names
      order by source_name limit ${FIRST_NAMES}`,
    [runId],
  );
  const [event] = await emitEvents([
    {
      tag: "_lk.archive.suite-changed",
      data: {
        ...target,
        packages_count: names.rows[0]?.total ?? 0,
        packages: names.rows.map((row) => row.source_name),
        sources: countsOf(counts.rows.filter((row) => row.source)),
        binaries: countsOf(counts.rows.filter((row) => !row.source)),
      },
    },
  ]);
  if (event === undefined) throw new Error("the summary of a run was not emitted");
}

function countsOf(rows: { change: string; count: number }[]): Record<string, number> {
  const none = { added: 0, updated: 0, changed: 0, removed: 0 };
  return { ...none, ...Object.fromEntries(rows.map((row) => [row.change, row.count])) };
}
