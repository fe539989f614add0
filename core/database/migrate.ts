import { OperatorError } from "../errors.ts";
import type { Database } from "./connect.ts";
import { migrations } from "./migrations/index.ts";
import { transactionClient } from "./transaction.ts";

/** One step of the schema, in order, never changed once released. */
export interface Migration {
  /** Number and name as in the file: "001-frame". */
  name: string;
  sql: string;
}

/** Serialises starters; the number is arbitrary but fixed ("lk" as bytes). */
const MIGRATION_LOCK = 0x6c6b;

/**
 * Brings the schema up to date in one transaction, under an advisory lock so that two starters
 * take turns.
 *
 * @throws OperatorError when the database was migrated by a newer version of this program
 */
export async function migrate(database: Database): Promise<void> {
  await database.sequelize.transaction(async () => {
    const client = transactionClient();
    await client.query("select pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query(
      `create table if not exists schema_migration (
         name text primary key,
         applied_at timestamptz not null default now()
       )`,
    );
    const applied = await client.query<{ name: string }>("select name from schema_migration");
    const known = new Set(applied.rows.map((row) => row.name));
    refuseNewerSchema(known);
    for (const migration of migrations) {
      if (known.has(migration.name)) continue;
      await client.query("insert into schema_migration (name) values ($1)", [migration.name]);
      await client.query(migration.sql);
    }
  });
}

function refuseNewerSchema(applied: Set<string>): void {
  const ours = new Set(migrations.map((migration) => migration.name));
  const foreign = [...applied].filter((name) => !ours.has(name));
  if (foreign.length === 0) return;
  throw new OperatorError(
    "DATABASE_NEWER",
    `The database has changes this version does not know: ${foreign.join(", ")}.`,
    "Run the version that made them, or a newer one.",
  );
}
