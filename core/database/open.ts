import { join } from "node:path";
import { readSecret, type Settings } from "../config.ts";
import { connect, type Database } from "./connect.ts";
import { keepEmbeddedServer } from "./embedded/keep.ts";

/** The database of the configuration: connected, migrated, with its models; and how to leave it. */
export interface OpenDatabase {
  database: Database;
  close(): Promise<void>;
}

/** Opens what `[database]` says; the embedded server is joined or started. */
export async function openDatabase(settings: Settings): Promise<OpenDatabase> {
  const { url, password_file: passwordFile, pool } = settings.config.database;
  if (url !== "embedded") {
    const password =
      passwordFile === undefined
        ? undefined
        : readSecret(settings, passwordFile, "database.password_file");
    const database = await connect({ url, password, pool });
    return { database, close: () => database.close() };
  }
  const server = await keepEmbeddedServer({ directory: join(settings.dataDirectory, "postgres") });
  const database = await connect({ ...server.address, pool });
  return {
    database,
    close: async () => {
      await database.close();
      server.release();
    },
  };
}
