import { registerSharedWorker } from "ava/plugin";
import {
  connect,
  database,
  type Database,
  type DatabaseAddress,
} from "../../core/database/connect.ts";

const worker = registerSharedWorker({
  filename: new URL("postgres-worker.js", import.meta.url),
  supportedProtocols: ["ava-4"],
});

/** The address of a fresh, migrated database for the calling test file. */
export async function testDatabaseAddress(): Promise<DatabaseAddress> {
  const replies = worker.publish("database").replies();
  for await (const reply of replies) return reply.data as DatabaseAddress;
  throw new Error("the PostgreSQL worker did not answer");
}

/** Connects the calling test file to a database of its own. Close it in `test.after.always`. */
export async function testDatabase(): Promise<Database> {
  return connect(await testDatabaseAddress());
}

/** Nothing is to be done for the events there are: they were told, and asked for no operation. */
export async function dealtWithEvents(): Promise<void> {
  await database().query("delete from event_to_route; delete from event_to_consider");
}
