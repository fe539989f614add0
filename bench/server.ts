import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { joinEmbeddedServer } from "../core/database/embedded/server.ts";
import { type Command, type Measured, measure, processorSeconds } from "./measure.ts";

/** What a measurement took, the database server's part too. */
export interface Taken extends Measured {
  /** Processor seconds of the server and all its processes; 0 where there was none. */
  server: number;
}

/** A running PostgreSQL, and what is asked of it. */
export interface BenchServer {
  /** For programs that use libpq. */
  libpq: string;
  /** For node-postgres. */
  address: { host: string; user: string; database: string };
  query(sql: string): Promise<Record<string, unknown>[]>;
  measure(command: Command): Promise<Taken>;
}

/** Gives work an embedded server of its own, with its default durability, in a new folder. */
export async function withServer<Result>(
  directory: string,
  work: (server: BenchServer) => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const server = await joinEmbeddedServer({ directory });
  const { socketDirectory: host = "", user = "", database = "" } = server.address;
  const [line = ""] = readFileSync(join(directory, "cluster", "postmaster.pid"), "utf8").split(
    "\n",
  );
  const postmaster = Number(line);
  const client = new pg.Client({ host, user, database });
  try {
    await client.connect();
    return await work({
      libpq: `host=${host} user=${user} dbname=${database}`,
      address: { host, user, database },
      query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
      async measure(command) {
        // What an earlier measurement left to write back is not this one's.
        await client.query("checkpoint");
        const before = processorSeconds(postmaster);
        const taken = await measure(command);
        return { ...taken, server: processorSeconds(postmaster) - before };
      },
    });
  } finally {
    await client.end();
    server.release();
    while (spawnSync("kill", ["-0", String(postmaster)]).status === 0) await sleep(50);
    rmSync(directory, { recursive: true });
  }
}
