import { database } from "../../database/connect.ts";
import type { IndexKind } from "../../debian/index-path.ts";
import { type ChangeFilter, likePattern } from "./net-change.ts";

/** A package of which two suites have different versions now, or only one has any. */
export interface Difference {
  type: IndexKind;
  name: string;
  /** Of the first suite against the second; `moved`: the same version in another component. */
  relation: "only here" | "only there" | "newer" | "older" | "moved";
  /** The highest version in each; null where there is none. */
  version: string | null;
  other: string | null;
  component: string | null;
  otherComponent: string | null;
  /** Empty for sources. */
  architectures: string[];
}

/** By name, the highest version of a source package in each suite against the other's. */
export function sourceDifference(
  suiteId: number,
  otherId: number,
  filter: ChangeFilter,
): Promise<Difference[]> {
  return database().query<Difference>(
    compare(`
      select distinct on (p.name) 'source' as type, p.name, 'source' as architecture,
             p.version, p.version_key, i.component
        from source_package p join archive_index i on i.id = p.index_id
       where i.suite_id = SUITE
         and (cardinality($3::text[]) = 0 or i.component = any($3))
         and (cardinality($4::text[]) = 0 or p.name like any($4))
         and cardinality($5::text[]) = 0
       order by p.name, p.version_key desc, i.component`),
    parametersOf(suiteId, otherId, filter),
  );
}

/** By name and architecture, the highest version of a binary package; alike ones are one entry. */
export function binaryDifference(
  suiteId: number,
  otherId: number,
  filter: ChangeFilter,
): Promise<Difference[]> {
  return database().query<Difference>(
    compare(`
      select distinct on (i.kind, p.name, p.architecture) i.kind as type, p.name, p.architecture,
             p.version, p.version_key, i.component
        from binary_package p join archive_index i on i.id = p.index_id
       where i.suite_id = SUITE
         and (cardinality($3::text[]) = 0 or i.component = any($3))
         and (cardinality($4::text[]) = 0 or p.name like any($4) or p.source_name like any($4))
         and (cardinality($5::text[]) = 0 or p.architecture = any($5))
       order by i.kind, p.name, p.architecture, p.version_key desc, i.component`),
    parametersOf(suiteId, otherId, filter),
  );
}

function parametersOf(suiteId: number, otherId: number, filter: ChangeFilter): unknown[] {
  const { components, names, architectures } = filter;
  return [suiteId, otherId, components, names.map(likePattern), architectures];
}

/** @param highest selects the highest version of each package in the suite SUITE */
function compare(highest: string): string {
  return `
with here as (${highest.replace("SUITE", "$1")}
), there as (${highest.replace("SUITE", "$2")}
), pairs as (
  select type, name, architecture, here.version, there.version as other, here.component,
         there.component as other_component,
         case when there.version is null then 'only here'
              when here.version is null then 'only there'
              when here.version_key > there.version_key then 'newer'
              when here.version_key < there.version_key then 'older'
              else 'moved' end as relation
    from here full join there using (type, name, architecture)
   where here.version_key is distinct from there.version_key
      or here.component is distinct from there.component
)
select type, name, relation, version, other, component, other_component as "otherComponent",
       coalesce(array_agg(architecture order by architecture)
                  filter (where architecture <> 'source'), '{}') as architectures
  from pairs
 group by type, name, relation, version, other, component, other_component
 order by name, type, relation`;
}
