import { database } from "../../database/connect.ts";
import type { JournalRow } from "./fold-journal.ts";

/** A suite with what it holds and how fresh it is. */
export interface SuiteOverview {
  id: number;
  repository: string;
  suite: string;
  alias: string | null;
  codename: string | null;
  version: string | null;
  components: string[];
  architectures: string[];
  sources: number;
  binaries: number;
  udebs: number;
  releaseDate: Date | null;
  /** When its packages were last stored; null before the first import. */
  importedAt: Date | null;
  /** When its mirror was last asked with success. */
  checkedAt: Date | null;
  failingSince: Date | null;
  failure: string | null;
}

/** All configured suites. */
export function suiteOverview(): Promise<SuiteOverview[]> {
  return database().query<SuiteOverview>(
    `select s.id, r.name as repository, s.name as suite, s.alias, s.codename, s.version,
            array(select component from suite_component c where c.suite_id = s.id order by 1)
              as components,
            array(select architecture from suite_architecture a where a.suite_id = s.id order by 1)
              as architectures,
            coalesce(sum(i.stanza_count) filter (where i.kind = 'source'), 0)::integer as sources,
            coalesce(sum(i.stanza_count) filter (where i.kind = 'deb'), 0)::integer as binaries,
            coalesce(sum(i.stanza_count) filter (where i.kind = 'udeb'), 0)::integer as udebs,
            s.release_date as "releaseDate", s.imported_at as "importedAt",
            s.checked_at as "checkedAt", s.failing_since as "failingSince", s.failure
       from suite s
       join repository r on r.id = s.repository_id
       left join archive_index i on i.suite_id = s.id
      group by s.id, r.name
      order by r.name, s.name`,
  );
}

/** A package of one name in one suite: its highest version there, and all its architectures. */
export interface PackageVersion {
  repository: string;
  suite: string;
  type: "source" | "deb" | "udeb";
  version: string;
  versionKey: string;
  component: string;
  architectures: string[];
  sourceName: string;
  /** When this version was first seen here. */
  addedAt: Date;
}

/** All versions of source and binary packages of a name, newest first within a suite. */
export function packageVersions(name: string): Promise<PackageVersion[]> {
  return database().query<PackageVersion>(
    `select repository, suite, type, version, version_key as "versionKey", component,
            array_agg(distinct architecture order by architecture) as architectures,
            min(source_name) as "sourceName", min(added_at) as "addedAt"
       from (
         select r.name as repository, s.name as suite, i.kind as type, p.version, p.version_key,
                i.component, unnest(p.architectures) as architecture, p.name as source_name,
                p.added_at
           from source_package p
           join archive_index i on i.id = p.index_id
           join suite s on s.id = i.suite_id
           join repository r on r.id = s.repository_id
          where p.name = $1
         union all
         select r.name, s.name, i.kind, p.version, p.version_key, i.component, p.architecture,
                p.source_name, p.added_at
           from binary_package p
           join archive_index i on i.id = p.index_id
           join suite s on s.id = i.suite_id
           join repository r on r.id = s.repository_id
          where p.name = $1
       ) found
      group by repository, suite, type, version, version_key, component
      order by repository, suite, type = 'source' desc, type, version_key desc`,
    [name],
  );
}

/** A row of the journal with where and when. */
export interface ArchiveChangeRow extends JournalRow {
  id: string;
  repository: string;
  suite: string;
  changed_at: Date;
}

const CHANGES = `
  select c.id, r.name as repository, s.name as suite, c.changed_at, c.type, c.name,
         c.source_name, c.component, c.architecture, c.change, c.version_old, c.version_new
    from archive_change c
    join suite s on s.id = c.suite_id
    join repository r on r.id = s.repository_id`;

/** What changed last about a package or about the binaries of a source, newest first. */
export function changesOfPackage(name: string, limit: number): Promise<ArchiveChangeRow[]> {
  return database().query<ArchiveChangeRow>(
    `${CHANGES} where c.name = $1 or c.source_name = $1 order by c.id desc limit $2`,
    [name, limit],
  );
}

/** What changed last in all suites, newest first. */
export function recentChanges(limit: number): Promise<ArchiveChangeRow[]> {
  return database().query<ArchiveChangeRow>(`${CHANGES} order by c.id desc limit $1`, [limit]);
}

/** Names of source and binary packages that begin with a text, for completion. */
export async function packageNames(prefix: string, limit: number): Promise<string[]> {
  const pattern = `${prefix.replace(/[\\%_]/g, "\\$&")}%`;
  const rows = await database().query<{ name: string }>(
    `select name from (
       (select distinct name from source_package where name like $1 order by name limit $2)
       union
       (select distinct name from binary_package where name like $1 order by name limit $2)
     ) found order by name limit $2`,
    [pattern, limit],
  );
  return rows.map((row) => row.name);
}
