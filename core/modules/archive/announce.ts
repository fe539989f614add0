import type { ClientBase } from "pg";
import { emitEvents } from "../../events/emit.ts";
import { type ChangedPackage, foldJournal, type JournalRow } from "./fold-journal.ts";

/**
 * Up to this many source packages are told one by one, each to those whom it concerns: more than the
 * largest suites have. What is too much for a reader the hub folds; see hub/pacing.
 */
export const MOST_SINGLE = 50_000;
/** Changes are read and emitted in pieces of so many packages, to hold few in memory. */
const PIECE = 500;
const SAMPLES = 10;

interface Target {
  repo: string;
  suite: string;
}

/** How many packages may still be told one by one: shared by the suites that are imported together. */
export interface Singles {
  left: number;
}

/**
 * Tells what a run changed, in its transaction: an event for each package, or one for all when they
 * are more than any suite has. `diff SUITE --run N` tells the rest.
 */
export async function announceChanges(
  client: ClientBase,
  runId: number,
  target: Target,
  singles: Singles,
): Promise<void> {
  const { rows } = await client.query<{ source_name: string }>(
    `select distinct source_name from archive_change where run_id = $1
      order by source_name limit $2`,
    [runId, singles.left + 1],
  );
  if (rows.length === 0) return;
  if (rows.length > singles.left) {
    await announceSummary(client, runId, target);
    return;
  }
  singles.left -= rows.length;
  const names = rows.map((row) => row.source_name);
  for (let first = 0; first < names.length; first += PIECE) {
    const changes = await changesOf(client, runId, names.slice(first, first + PIECE));
    await emitEvents(
      changes.map((data) => ({ tag: "_lk.archive.package-changed", data: { ...target, ...data } })),
    );
  }
}

/** What a run changed, folded. @param names only these source packages, in this order */
export async function changesOf(
  client: ClientBase,
  runId: number,
  names: string[],
): Promise<ChangedPackage[]> {
  const { rows } = await client.query<JournalRow>(
    `select type, name, source_name, component, architecture, change, version_old, version_new
       from archive_change
       join unnest($2::text[]) with ordinality as wanted (source_name, place) using (source_name)
      where run_id = $1 order by place, id`,
    [runId, names],
  );
  return foldJournal(rows);
}

async function announceSummary(client: ClientBase, runId: number, target: Target): Promise<void> {
  const counts = await client.query<{ source: boolean; change: string; count: number }>(
    `select type = 'source' as source, change, count(distinct name)::integer as count
       from archive_change where run_id = $1 group by 1, 2`,
    [runId],
  );
  const { names, total } = await mostImportant(client, runId);
  const samples = await changesOf(client, runId, names);
  const [event] = await emitEvents([
    {
      tag: "_lk.archive.suite-changed",
      data: {
        ...target,
        run: runId,
        packages_count: total,
        packages: names,
        samples: samples.map(({ binaries: _binaries, ...sample }) => sample),
        sources: countsOf(counts.rows.filter((row) => row.source)),
        binaries: countsOf(counts.rows.filter((row) => !row.source)),
      },
    },
  ]);
  if (event === undefined) throw new Error("the summary of a run was not emitted");
}

/**
 * The names that people look for first: what every installation has (its priority says so), then
 * what left the suite, then what brings many packages.
 */
async function mostImportant(
  client: ClientBase,
  runId: number,
): Promise<{ names: string[]; total: number }> {
  const { rows } = await client.query<{ source_name: string; total: number }>(
    `with changed as (
       select source_name, count(*) as packages, min(suite_id) as suite_id,
              bool_or(type = 'source' and change = 'removed' and version_new is null) as gone
         from archive_change where run_id = $1 group by source_name
     ), first_architecture as (
       -- One is enough to tell, and each is a large index.
       select min(architecture) as name from archive_index
        where kind = 'deb' and architecture <> 'all'
          and suite_id = (select suite_id from changed limit 1)
     ), essential as (
       select distinct p.source_name
         from binary_package p
         join archive_index i on i.id = p.index_id
        where i.kind = 'deb' and i.suite_id = (select suite_id from changed limit 1)
          and i.architecture = (select name from first_architecture)
          and p.priority in ('required', 'important', 'standard')
     )
     select changed.source_name, (count(*) over ())::integer as total
       from changed left join essential using (source_name)
      order by essential.source_name is null, gone desc, packages desc, source_name
      limit ${SAMPLES}`,
    [runId],
  );
  return { names: rows.map((row) => row.source_name), total: rows[0]?.total ?? 0 };
}

function countsOf(rows: { change: string; count: number }[]): Record<string, number> {
  const none = { added: 0, updated: 0, changed: 0, removed: 0 };
  return { ...none, ...Object.fromEntries(rows.map((row) => [row.change, row.count])) };
}
