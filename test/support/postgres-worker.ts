import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SharedWorker } from "ava/plugin";
import pg from "pg";
import { connect } from "../../core/database/connect.ts";
import { type EmbeddedServer, joinEmbeddedServer } from "../../core/database/embedded/server.ts";

/**
 * Lives once per test run in ava's own process: one PostgreSQL, one migrated template database,
 * and for each test file that asks a copy of it (20 ms).
 */
const TEMPLATE = "lk_template";
let server: Promise<EmbeddedServer> | undefined;
let count = 0;

export default async function factory({
  negotiateProtocol,
}: SharedWorker.FactoryOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "lk-"));
  // The server itself stops by its leash when this process ends.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const protocol = negotiateProtocol(["ava-4"]).ready();
  for await (const message of protocol.subscribe()) {
    server ??= startTemplate(directory);
    const { address } = await server;
    const name = `lk_test_${++count}`;
    await execute(address.socketDirectory, `create database ${name} template ${TEMPLATE}`);
    message.reply({ ...address, database: name });
  }
}

async function startTemplate(directory: string): Promise<EmbeddedServer> {
  const started = await joinEmbeddedServer({ directory, durable: false });
  await execute(started.address.socketDirectory, `create database ${TEMPLATE}`);
  const database = await connect({ ...started.address, database: TEMPLATE });
  await database.close();
  return started;
}

async function execute(host: string | undefined, sql: string): Promise<void> {
  const client = new pg.Client({ host: host ?? "", user: "laniakea", database: "postgres" });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
