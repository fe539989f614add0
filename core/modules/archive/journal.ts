import type { ClientBase } from "pg";

/**
 * Writes the journal of a run from what was noted before and what stands in the tables now: one
 * row per package, component and architecture, however many indices list it. The tests show what
 * becomes of versions that come, go, and stay.
 *
 * @returns how many changes there were
 */
export async function writeJournal(
  client: ClientBase,
  runId: number,
  suiteId: number,
): Promise<number> {
  const { rowCount } = await client.query(JOURNAL, [runId, suiteId]);
  return rowCount ?? 0;
}

const JOURNAL = `
with both_sides as (
  select touched, source_name, version, version_key, stanza_hash, false as now
    from archive_before
  union all
  select t.id, p.name, p.version, p.version_key, p.stanza_hash, true
    from archive_touched t
    join archive_index i on i.suite_id = $2 and i.kind = t.type and i.component = t.component
    join source_package p on p.index_id = i.id and p.name = t.name
   where t.type = 'source'
  union all
  select t.id, p.source_name, p.version, p.version_key, p.stanza_hash, true
    from archive_touched t
    join archive_index i on i.suite_id = $2 and i.kind = t.type and i.component = t.component
    join binary_package p on p.index_id = i.id and p.name = t.name
         and p.architecture = t.architecture
   where t.type <> 'source'
), versions as (
  select touched, version_key,
         min(version) filter (where not now) as version_was,
         min(version) filter (where now) as version_now,
         (array_agg(source_name order by now desc))[1] as source_name,
         bool_or(not now) as was, bool_or(now) as remains
    from both_sides
   group by touched, version_key
), sides as (
  select touched,
         coalesce(array_agg(distinct version) filter (where not now), '{}') as versions_old,
         coalesce(array_agg(distinct version) filter (where now), '{}') as versions_new,
         ${contentHash("not now")} as content_old,
         ${contentHash("now")} as content_new
    from both_sides
   group by touched
), packages as (
  select touched,
         (array_agg(source_name order by remains desc, version_key desc))[1] as source_name,
         (array_agg(version_was order by version_key desc) filter (where was))[1] as old_top,
         max(version_key) filter (where was) as old_key,
         (array_agg(version_now order by version_key desc) filter (where remains))[1] as new_top,
         (array_agg(version_now order by version_key desc)
            filter (where remains and not was))[1] as come,
         max(version_key) filter (where remains and not was) as come_key,
         (array_agg(version_was order by version_key desc)
            filter (where was and not remains))[1] as gone
    from versions
   group by touched
), judged as (
  select packages.*, versions_old, versions_new, content_old, content_new,
         case
           when old_top is null then 'added'
           when new_top is null then 'removed'
           when gone = old_top or come_key > old_key then 'updated'
           when come is not null then 'added'
           when gone is not null then 'removed'
           else 'changed'
         end as change
    from packages
    join sides using (touched)
   where content_old is distinct from content_new
), told as (
  select *,
         case change
           when 'added' then null
           when 'removed' then coalesce(gone, old_top)
           else old_top
         end as version_old,
         case change
           when 'added' then coalesce(come, new_top)
           when 'updated' then coalesce(come, new_top)
           else new_top
         end as version_new
    from judged
)
insert into archive_change
       (run_id, suite_id, type, name, source_name, component, architecture, change,
        version_old, version_new, versions_old, versions_new, content_old, content_new)
select $1, $2, type, name, source_name, component, architecture, change,
       version_old, version_new,
       nullif(versions_old, array_remove(array[version_old], null)),
       nullif(versions_new, array_remove(array[version_new], null)),
       content_old, content_new
  from told
  join archive_touched on id = touched
 order by type = 'source' desc, name, architecture`;

/** One number for the stanzas of one side, however many indices have them and in whatever order. */
function contentHash(side: string): string {
  return `hashtextextended(
           (array_agg(distinct stanza_hash order by stanza_hash) filter (where ${side}))::text, 0)`;
}
