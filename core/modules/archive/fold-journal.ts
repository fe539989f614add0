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

const MOST_BINARIES = 50;

/** What is told of a package, without the suite. */
export type ChangedPackage = Pick<
  PackageChanged,
  | "pkg_name"
  | "change"
  | "version_old"
  | "version_new"
  | "component"
  | "component_old"
  | "source_changed"
  | "binaries"
  | "binaries_count"
>;

/**
 * Folds journal rows into one change per source package. The source says what happened; where
 * only binaries changed (a rebuild, or a suite without sources), they say it. A source that left
 * one component and came into another is updated.
 */
export function foldJournal(rows: readonly JournalRow[]): ChangedPackage[] {
  const packages = new Map<string, JournalRow[]>();
  for (const row of rows) {
    const known = packages.get(row.source_name);
    if (known === undefined) packages.set(row.source_name, [row]);
    else known.push(row);
  }
  return [...packages].map(([name, own]) => {
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

type Happened = Pick<
  ChangedPackage,
  "change" | "version_old" | "version_new" | "component" | "component_old"
>;

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
      ...(came.component === went.component ? {} : { component_old: went.component }),
    };
  }
  const { change, version_old, version_new, component } = updated ?? first;
  return { change, version_old, version_new, component };
}

/** One entry for all architectures on which a binary changed in the same way. */
export function foldArchitectures(rows: Iterable<JournalRow>): PackageChanged["binaries"] {
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
