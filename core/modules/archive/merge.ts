import type { ClientBase } from "pg";
import type { IndexKind } from "../../debian/index-path.ts";
import { MEND_FILE } from "../../debian/stanza.ts";
import { OperatorError } from "../../errors.ts";

/**
 * Makes the stages that later imports load into, and the notes from which the journal is written:
 * which packages were touched, and what stood of them in the suite before.
 */
export async function createStages(client: ClientBase): Promise<void> {
  for (const table of ["source_package", "source_file", "binary_package"]) {
    await client.query(
      `create temp table ${table}_stage (like ${table} including defaults) on commit drop`,
    );
  }
  await client.query(
    `create temp table archive_touched (
       type text, name text collate "C", component text, architecture text,
       id integer generated always as identity,
       primary key (type, name, component, architecture)
     ) on commit drop`,
  );
  await client.query(
    `create temp table archive_before (
       touched integer, source_name text collate "C", version text,
       version_key text collate "C", stanza_hash bigint
     ) on commit drop`,
  );
}

/** One index whose new and changed stanzas are in the stages. */
export interface StagedIndex {
  suiteId: number;
  indexId: number;
  kind: IndexKind;
  component: string;
  /** Where it came from, for errors. */
  url: string;
  /** Ids of stored stanzas that the index has no more: removed, or changed. */
  gone: number[];
  /** Whether the new and changed ones came in the order of their names, so that none came twice. */
  inOrder: boolean;
}

/**
 * Brings one index from the stages into the tables. Rows of unchanged stanzas are not touched; a
 * stanza that changed keeps its id and the time it was added.
 */
export async function mergeIndex(client: ClientBase, index: StagedIndex): Promise<void> {
  const sources = index.kind === "source";
  const table = sources ? "source_package" : "binary_package";
  await client.query(`analyze ${table}_stage (id, index_id, name)`);
  if (!index.inOrder) await refuseDuplicates(client, index, "_stage");
  await noteBefore(client, index, `select * from ${table}_stage`);
  const same = `p.id = any($1) and p.name = s.name and p.version = s.version
    ${sources ? "" : "and p.architecture = s.architecture"}`;
  if (sources) {
    await client.query(
      `update source_file_stage f set source_id = p.id
         from source_package_stage s join source_package p on ${same}
        where f.source_id = s.id`,
      [index.gone],
    );
  }
  await client.query(
    `update ${table}_stage s set id = p.id, added_at = p.added_at from ${table} p where ${same}`,
    [index.gone],
  );
  if (sources) {
    await client.query("delete from source_file where source_id = any($1)", [index.gone]);
  }
  await client.query(`delete from ${table} where id = any($1)`, [index.gone]);
  await refuseCopies(client, index, table);
  await client.query(`insert into ${table} select * from ${table}_stage`);
  await client.query(`truncate ${table}_stage`);
  if (sources) {
    await client.query("insert into source_file select * from source_file_stage");
    await client.query("truncate source_file_stage");
  }
}

/** Stanzas that are stored are not looked at again, so that only here a copy of one is seen. */
async function refuseCopies(
  client: ClientBase,
  { kind, url }: StagedIndex,
  table: string,
): Promise<void> {
  const { rows } = await client.query<{ name: string; version: string }>(
    `select s.name, s.version from ${table}_stage s
       join ${table} p on p.index_id = s.index_id and p.name = s.name and p.version = s.version
            ${kind === "source" ? "" : "and p.architecture = s.architecture"}
      limit 1`,
  );
  refuseDuplicate(rows[0], url);
}

/**
 * Refuses an index in which a package stands twice, where its reader could not see it because
 * names did not come in order.
 *
 * @param suffix of the tables that its rows went to
 * @throws OperatorError `DUPLICATE_PACKAGE`
 */
export async function refuseDuplicates(
  client: ClientBase,
  { indexId, kind, url }: Pick<StagedIndex, "indexId" | "kind" | "url">,
  suffix: "" | "_stage",
): Promise<void> {
  const sources = kind === "source";
  const { rows } = await client.query<{ name: string; version: string }>(
    `select name, version from ${sources ? "source_package" : "binary_package"}${suffix}
      where index_id = $1 group by name, version${sources ? "" : ", architecture"}
     having count(*) > 1 limit 1`,
    [indexId],
  );
  refuseDuplicate(rows[0], url);
}

function refuseDuplicate(row: { name: string; version: string } | undefined, url: string): void {
  if (row === undefined) return;
  throw new OperatorError(
    "DUPLICATE_PACKAGE",
    `${url}: the package ${row.name} ${row.version} stands there twice.`,
    MEND_FILE,
  );
}

/** Notes all packages of indices that are about to be deleted as touched. */
export async function noteDeletedIndex(
  client: ClientBase,
  index: Omit<StagedIndex, "gone" | "inOrder" | "url">,
): Promise<void> {
  const table = index.kind === "source" ? "source_package" : "binary_package";
  await noteBefore(
    client,
    { ...index, gone: [] },
    `select * from ${table} where index_id = ${index.indexId}`,
  );
}

/**
 * Notes what stood in the suite of each package that this index touches, over all its indices. A
 * package noted earlier in this run stays as it was noted: that was its state at the start.
 */
async function noteBefore(
  client: ClientBase,
  index: Omit<StagedIndex, "inOrder" | "url">,
  touching: string,
): Promise<void> {
  const sources = index.kind === "source";
  const table = sources ? "source_package" : "binary_package";
  const architecture = sources ? "'source'" : "architecture";
  await client.query(
    `with fresh as (
       insert into archive_touched (type, name, component, architecture)
       select $1, name, $2, ${architecture} from (${touching}) staged
       union
       select $1, name, $2, ${architecture} from ${table} where id = any($4)
       on conflict do nothing
       returning id, name, architecture
     )
     insert into archive_before
     select fresh.id, ${sources ? "p.name" : "p.source_name"}, p.version, p.version_key,
            p.stanza_hash
       from fresh
       join archive_index i on i.suite_id = $3 and i.kind = $1 and i.component = $2
       join ${table} p on p.index_id = i.id and p.name = fresh.name
            ${sources ? "" : "and p.architecture = fresh.architecture"}`,
    [index.kind, index.component, index.suiteId, index.gone],
  );
}
