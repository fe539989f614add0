import { database } from "../../database/connect.ts";
import { compareVersions } from "../../debian/version.ts";
import type { JournalRow } from "./fold-journal.ts";

/** Which packages are wanted; empty lists mean all. */
export interface ChangeFilter {
  components: string[];
  architectures: string[];
  /** Names of source or binary packages, with `*` and `?`. */
  names: string[];
}

type Key = Pick<JournalRow, "type" | "name" | "source_name" | "component" | "architecture">;
interface Sides extends Key {
  before: string[];
  after: string[];
}

/**
 * What differs between the states that two runs left: what came and went again is nothing, what
 * was updated twice is one step.
 *
 * @param after the run that left the older state
 * @param until the run that left the newer one
 */
export async function netChanges(
  suiteId: number,
  after: number,
  until: number,
  filter: ChangeFilter,
): Promise<JournalRow[]> {
  const { components, architectures, names } = filter;
  const sides = await database().query<Sides>(NET, [
    suiteId,
    after,
    until,
    components,
    architectures,
    names.map(likePattern),
  ]);
  return sides.map(judge);
}

// The first row of a package tells what was before all of them, the last one what is after.
const NET = `
with span as (
  select * from archive_change
   where suite_id = $1 and run_id > $2 and run_id <= $3
     and (cardinality($4::text[]) = 0 or component = any($4))
     and (cardinality($5::text[]) = 0 or architecture = any($5))
     and (cardinality($6::text[]) = 0 or name like any($6) or source_name like any($6))
), oldest as (
  select distinct on (type, name, component, architecture)
         type, name, component, architecture, content_old,
         coalesce(versions_old, array_remove(array[version_old], null)) as before
    from span order by type, name, component, architecture, id
), newest as (
  select distinct on (type, name, component, architecture)
         type, name, component, architecture, source_name, content_new,
         coalesce(versions_new, array_remove(array[version_new], null)) as after
    from span order by type, name, component, architecture, id desc
)
select type, name, source_name, component, architecture, before, after
  from oldest join newest using (type, name, component, architecture)
 where content_old is distinct from content_new
 order by type = 'source' desc, name, component, architecture, type`;

/** Names what happened between two sets of versions, as the journal does for one run. */
export function judge({ before, after, ...key }: Sides): JournalRow {
  const oldTop = highest(before);
  const newTop = highest(after);
  const come = highest(without(after, before));
  const gone = highest(without(before, after));
  if (oldTop === null) return row(key, "added", null, come);
  if (newTop === null) return row(key, "removed", gone, null);
  const topLeft = gone !== null && compareVersions(gone, oldTop) === 0;
  const topCame = come !== null && compareVersions(come, oldTop) > 0;
  if (topLeft || topCame) return row(key, "updated", oldTop, come ?? newTop);
  if (come !== null) return row(key, "added", null, come);
  if (gone !== null) return row(key, "removed", gone, newTop);
  return row(key, "changed", oldTop, newTop);
}

function row(
  { type, name, source_name, component, architecture }: Key,
  change: JournalRow["change"],
  version_old: string | null,
  version_new: string | null,
): JournalRow {
  return { type, name, source_name, component, architecture, change, version_old, version_new };
}

/** Of equal ones (1.0, 1.00) that which sorts first as text, as in the journal. */
function highest(versions: readonly string[]): string | null {
  return versions.toSorted((a, b) => compareVersions(a, b) || (a < b ? 1 : -1)).at(-1) ?? null;
}

function without(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => others.every((other) => compareVersions(one, other) !== 0));
}

/** `*` and `?` as `like` has them. */
export function likePattern(name: string): string {
  return name
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}
