import { transactionClient } from "../database/transaction.ts";

/**
 * Deletes indices with all packages in them. They have no foreign keys (002-archive says why), so
 * this is the one way to delete an index.
 */
export async function deleteIndices(ids: number[]): Promise<void> {
  const client = transactionClient();
  await client.query(
    `delete from source_file using source_package
      where source_id = source_package.id and index_id = any($1)`,
    [ids],
  );
  await client.query("delete from source_package where index_id = any($1)", [ids]);
  await client.query("delete from binary_package where index_id = any($1)", [ids]);
  await client.query("delete from archive_index where id = any($1)", [ids]);
}

/** Deletes what was read of files besides Packages and Sources; this too is the one way. */
export async function deleteContentIndices(ids: number[]): Promise<void> {
  const client = transactionClient();
  await client.query("delete from package_description where index_id = any($1)", [ids]);
  await client.query("delete from content_index where id = any($1)", [ids]);
}

/** Deletes a suite with its packages and its journal. */
export async function deleteSuite(id: number): Promise<void> {
  const client = transactionClient();
  const { rows: contents } = await client.query<{ id: number }>(
    "select id from content_index where suite_id = $1",
    [id],
  );
  await deleteContentIndices(contents.map((row) => row.id));
  const { rows } = await client.query<{ id: number }>(
    "select id from archive_index where suite_id = $1",
    [id],
  );
  await deleteIndices(rows.map((row) => row.id));
  await client.query("delete from suite where id = $1", [id]);
}
