import { database } from "../../database/connect.ts";
import type { BinaryPackage, SourceFile, SourcePackage } from "../../model/archive-package.ts";
import { type ArchiveChangeRow, changesOfPackage } from "./read.ts";

type Fields<Model> = { [Key in keyof Model as Key extends `_${string}` ? never : Key]: Model[Key] };

/** Everything about a source package in a suite, for its page. */
export interface SourcePage {
  repository: string;
  suite: string;
  component: string;
  source: Fields<Pick<SourcePackage, SourceFields>>;
  /** Older or additional versions in the same suite. */
  otherVersions: string[];
  files: Pick<SourceFile, "name" | "size" | "sha256">[];
  binaries: BuiltBinary[];
  changes: ArchiveChangeRow[];
}

type SourceFields =
  | "id"
  | "name"
  | "version"
  | "architectures"
  | "section"
  | "priority"
  | "standardsVersion"
  | "maintainer"
  | "uploaders"
  | "homepage"
  | "vcsBrowser"
  | "vcsGit"
  | "testsuite"
  | "buildDepends"
  | "buildDependsIndep"
  | "buildDependsArch"
  | "buildConflicts"
  | "testsuiteTriggers"
  | "packageList"
  | "extraSourceOnly"
  | "directory"
  | "addedAt";

/** A binary package of a source in a suite, with the architectures that have this version. */
export interface BuiltBinary {
  name: string;
  type: "deb" | "udeb";
  version: string;
  architectures: string[];
  summary: string | null;
}

/** As in `/package/src/SUITE/NAME`; the repository tells apart where two have a suite. */
export interface PackageAddress {
  suite: string;
  name: string;
  repository?: string | undefined;
}

/** The page of a source package, of its highest version there; undefined when there is none. */
export async function sourcePage(address: PackageAddress): Promise<SourcePage | undefined> {
  const rows = await database().query<
    SourcePage["source"] & { repository: string; component: string; suiteId: number }
  >(
    `select p.id, p.name, p.version, p.architectures, p.section, p.priority,
            p.standards_version as "standardsVersion", p.maintainer, p.uploaders, p.homepage,
            p.vcs_browser as "vcsBrowser", p.vcs_git as "vcsGit", p.testsuite,
            p.build_depends as "buildDepends", p.build_depends_indep as "buildDependsIndep",
            p.build_depends_arch as "buildDependsArch", p.build_conflicts as "buildConflicts",
            p.testsuite_triggers as "testsuiteTriggers", p.package_list as "packageList",
            p.extra_source_only as "extraSourceOnly", p.directory, p.added_at as "addedAt",
            r.name as repository, i.component, s.id as "suiteId"
       from source_package p
       join archive_index i on i.id = p.index_id
       join suite s on s.id = i.suite_id
       join repository r on r.id = s.repository_id
      where p.name = $1 and s.name = $2 and ($3::text is null or r.name = $3)
      order by r.name, p.version_key desc`,
    [address.name, address.suite, address.repository ?? null],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const { repository, component, suiteId, ...source } = first;
  const others = rows.slice(1).filter((row) => row.repository === repository);
  return {
    repository,
    suite: address.suite,
    component,
    source,
    otherVersions: others.map((row) => row.version),
    files: await database().query(
      "select name, size, sha256 from source_file where source_id = $1 order by name",
      [source.id],
    ),
    binaries: await binariesOf(source.name, suiteId),
    changes: await changesOfPackage(source.name, 20),
  };
}

function binariesOf(source: string, suiteId: number): Promise<BuiltBinary[]> {
  return database().query<BuiltBinary>(
    `select p.name, i.kind as type, p.version, min(p.summary) as summary,
            array_agg(distinct p.architecture order by p.architecture) as architectures
       from binary_package p join archive_index i on i.id = p.index_id
      where p.source_name = $1 and i.suite_id = $2
      group by p.name, i.kind, p.version, p.version_key
      order by p.name, p.version_key desc`,
    [source, suiteId],
  );
}

/** A binary package in a suite, one entry per version and component. */
export interface BinaryPage {
  repository: string;
  suite: string;
  name: string;
  entries: (Fields<Pick<BinaryPackage, BinaryFields>> & {
    component: string;
    architectures: string[];
    /** By language. The English one is in `description` as well, where the package has none. */
    translations: Record<string, { summary: string; description: string | null }>;
  })[];
}

type BinaryFields =
  | "version"
  | "sourceName"
  | "sourceVersion"
  | "section"
  | "priority"
  | "maintainer"
  | "homepage"
  | "multiArch"
  | "summary"
  | "description"
  | "depends"
  | "preDepends"
  | "recommends"
  | "suggests"
  | "enhances"
  | "provides"
  | "conflicts"
  | "breaks"
  | "replaces"
  | "builtUsing"
  | "staticBuiltUsing"
  | "buildIds"
  | "sizeInstalled"
  | "size"
  | "fileName"
  | "sha256"
  | "essential"
  | "addedAt";

/** The page of a binary package; undefined when the suite has none of that name. */
export async function binaryPage(address: PackageAddress): Promise<BinaryPage | undefined> {
  const rows = await database().query<BinaryPage["entries"][number] & { repository: string }>(
    `select distinct on (r.name, i.component, p.version_key)
            p.version, p.source_name as "sourceName", p.source_version as "sourceVersion",
            p.section, p.priority, p.maintainer, p.homepage, p.multi_arch as "multiArch",
            p.summary, coalesce(p.description, t.texts -> 'en' ->> 'description') as description,
            coalesce(t.texts, '{}') as translations,
            p.depends, p.pre_depends as "preDepends", p.recommends,
            p.suggests, p.enhances, p.provides, p.conflicts, p.breaks, p.replaces,
            p.built_using as "builtUsing", p.static_built_using as "staticBuiltUsing",
            p.build_ids as "buildIds", p.size_installed as "sizeInstalled", p.size,
            p.file_name as "fileName", p.sha256, p.essential, p.added_at as "addedAt",
            i.component, r.name as repository,
            array(select distinct q.architecture from binary_package q
                    join archive_index j on j.id = q.index_id
                   where q.name = p.name and q.version_key = p.version_key
                     and j.suite_id = i.suite_id and j.component = i.component
                   order by 1) as architectures
       from binary_package p
       join archive_index i on i.id = p.index_id
       join suite s on s.id = i.suite_id
       join repository r on r.id = s.repository_id
       left join lateral (
         select jsonb_object_agg(c.variant, jsonb_build_object(
                  'summary', d.summary, 'description', d.description)) as texts
           from content_index c
           join package_description d on d.index_id = c.id and d.md5 = p.description_md5
          where c.suite_id = i.suite_id and c.kind = 'translation'
       ) t on true
      where p.name = $1 and s.name = $2 and ($3::text is null or r.name = $3)
      order by r.name, i.component, p.version_key desc`,
    [address.name, address.suite, address.repository ?? null],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const { repository } = first;
  const entries = rows.filter((row) => row.repository === repository);
  return { repository, suite: address.suite, name: address.name, entries };
}
