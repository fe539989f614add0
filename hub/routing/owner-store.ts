import { database } from "../../core/database/connect.ts";
import type { SourceRow } from "./owners.ts";

/** More names than this are forgotten and read again. */
const KNOWN_LIMIT = 100_000;

/** Source packages of the imported archive by the names of their packages. */
export interface OwnerStore {
  /** Reads what is not known yet, and all anew after an import; then `rowsOf` can be asked. */
  read(names: Iterable<string>): Promise<void>;
  /** The source packages of that name; of a binary package those it is built from. */
  rowsOf(name: string): readonly SourceRow[];
}

interface NamedRow extends SourceRow {
  name: string;
}

/** Keeps what it read, until a suite is imported. */
export function createOwnerStore(): OwnerStore {
  const known = new Map<string, SourceRow[]>();
  let stamp = "";
  return {
    async read(names) {
      const now = await archiveStamp();
      if (now !== stamp || known.size > KNOWN_LIMIT) known.clear();
      stamp = now;
      const missing = [...new Set(names)].filter((name) => !known.has(name));
      if (missing.length === 0) return;
      for (const name of missing) known.set(name, []);
      for (const { name, ...row } of await readRows(missing)) known.get(name)?.push(row);
    },
    rowsOf: (name) => known.get(name) ?? [],
  };
}

async function archiveStamp(): Promise<string> {
  const [row] = await database().query<{ stamp: string }>(
    "select count(*) || ' ' || coalesce(max(imported_at)::text, '') as stamp from suite",
  );
  return row?.stamp ?? "";
}

function readRows(names: readonly string[]): Promise<NamedRow[]> {
  // Looked up name by name, for which the indices of both tables are made.
  return database().query<NamedRow>(
    `with asked as (
       select name, name as source from unnest($1::text[]) as a (name)
       union
       select a.name, source_name from unnest($1::text[]) as a (name)
         cross join lateral (
           select distinct source_name from binary_package where binary_package.name = a.name
         ) as built
        where not exists (select from source_package where source_package.name = a.name)
     )
     select distinct asked.name, asked.source, source_package.version, version_key as "versionKey",
            repository.name as repository, suite.name as suite, origin, maintainer, uploaders
       from asked
       join source_package on source_package.name = asked.source
       join archive_index on archive_index.id = index_id
       join suite on suite.id = suite_id
       join repository on repository.id = repository_id`,
    [names],
  );
}
