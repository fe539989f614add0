import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { asError, OperatorError } from "../../errors.ts";
import type { DatabaseAddress } from "../connect.ts";
import { serverIdentity } from "./identity.ts";
import { holdLeash, KEEPER, type Leash, makeLeash } from "./leash.ts";
import { findPrograms } from "./programs.ts";

/** A hold on the embedded server. It stops when the last holder has let go. */
export interface EmbeddedServer {
  address: DatabaseAddress;
  /** False once the server is gone, by whatever death. */
  isThere(): boolean;
  release(): void;
}

export interface EmbeddedOptions {
  /** Holds the cluster, the log and the leash; made with mode 0700. */
  directory: string;
  /** False only for tests: a power cut may then lose the cluster. */
  durable?: boolean;
}

const START_TIMEOUT_MS = 60_000;
const USER = "laniakea";

/**
 * Joins the embedded PostgreSQL of a directory, starting (and first creating) it when nobody
 * keeps it. Several processes may call this at once.
 *
 * @throws OperatorError when it does not come up, with the end of its log
 */
export async function joinEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const place = prepare(resolve(options.directory));
  const deadline = Date.now() + START_TIMEOUT_MS;
  let reason = "it did not answer";
  while (Date.now() < deadline) {
    const leash = holdLeash(place.leash) ?? (await start(place, options));
    if (leash !== undefined) {
      const outcome = await waitUntilReady(place);
      if (outcome === "ready") return holdOn(place, leash);
      reason = outcome;
      leash.release();
    }
    await sleep(50);
  }
  throw new OperatorError(
    "DATABASE_START",
    `The embedded PostgreSQL did not start: ${reason}.\n${logTail(place)}`,
    `See ${place.log}; or set database.url to a PostgreSQL server.`,
  );
}

function holdOn(place: Place, leash: Leash): EmbeddedServer {
  return {
    address: address(place),
    isThere() {
      // Whoever takes hold of a leash that nobody reads gets nothing.
      const another = holdLeash(place.leash);
      another?.release();
      return another !== undefined;
    },
    release: () => leash.release(),
  };
}

interface Place {
  cluster: string;
  leash: string;
  log: string;
  lock: string;
  socket: string;
}

function prepare(directory: string): Place {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  serverIdentity().own(directory);
  const place = {
    cluster: join(directory, "cluster"),
    leash: join(directory, "leash"),
    log: join(directory, "postgres.log"),
    lock: join(directory, "start.lock"),
    socket: socketDirectory(directory),
  };
  makeLeash(place.leash);
  serverIdentity().own(place.leash);
  return place;
}

/** Below the data directory, or in the temporary one where that path is too long for a socket. */
function socketDirectory(directory: string): string {
  const near = join(directory, "socket");
  // sun_path holds 107 bytes and the end mark (unix(7)); the server appends "/.s.PGSQL.5432".
  if (Buffer.byteLength(near) <= 107 - "/.s.PGSQL.5432.lock".length) {
    mkdirSync(near, { recursive: true, mode: 0o700 });
    serverIdentity().own(near);
    return near;
  }
  const name = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const far = join(tmpdir(), `laniakea-${name}`);
  mkdirSync(far, { recursive: true, mode: 0o700 });
  const owner = lstatSync(far);
  if (owner.uid !== process.getuid?.() || !owner.isDirectory() || (owner.mode & 0o077) !== 0) {
    throw new OperatorError(
      "DATABASE_SOCKET",
      `${far} belongs to somebody else.`,
      "Choose a shorter data directory with --data DIR.",
    );
  }
  serverIdentity().own(far);
  return far;
}

/** One starter at a time: the others come back and find the leash held. */
async function start(place: Place, options: EmbeddedOptions): Promise<Leash | undefined> {
  if (!takeLock(place.lock)) return undefined;
  try {
    if (!existsSync(place.cluster)) createCluster(place, options);
    return await launch(place, options);
  } finally {
    rmSync(place.lock, { force: true });
  }
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch {
    const holder = Number(existsSync(path) ? readFileSync(path, "utf8") : 0);
    if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

function createCluster(place: Place, options: EmbeddedOptions): void {
  const identity = serverIdentity();
  // Made aside and renamed: an interrupted initdb must not look like a cluster.
  const draft = `${place.cluster}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  identity.own(draft);
  const sync = options.durable === false ? ["--no-sync"] : [];
  const command = [findPrograms().initdb, "-D", draft, "-U", USER, "-A", "trust"];
  const [program = "", ...rest] = [
    ...identity.prefix,
    ...command,
    "--locale=C",
    "-E",
    "UTF8",
    ...sync,
  ];
  const made = spawnSync(program, rest, { encoding: "utf8", cwd: "/", ...account(identity) });
  if (made.status === 0) return renameSync(draft, place.cluster);
  throw new OperatorError(
    "DATABASE_INITDB",
    `Cannot create the embedded database: ${made.error?.message ?? made.stderr.trim()}.`,
    "Set database.url to a PostgreSQL server, or run as an ordinary user with an entry in /etc/passwd.",
  );
}

async function launch(place: Place, options: EmbeddedOptions): Promise<Leash | undefined> {
  const identity = serverIdentity();
  const server = [
    findPrograms().postgres,
    "-D",
    place.cluster,
    "-k",
    place.socket,
    ...settings(options),
  ];
  const [program = "", ...rest] = [
    ...identity.prefix,
    "sh",
    "-c",
    KEEPER,
    "sh",
    place.leash,
    ...server,
  ];
  const log = openSync(place.log, "a", 0o600);
  // Detached: an interrupt typed at the terminal is ours to handle, in our order.
  const keeper = spawn(program, rest, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    ...account(identity),
  });
  let ended = false;
  keeper.once("exit", () => (ended = true));
  keeper.once("error", () => (ended = true));
  keeper.unref();
  while (!ended) {
    const leash = holdLeash(place.leash);
    if (leash !== undefined) return leash;
    await sleep(5);
  }
  return undefined;
}

function settings(options: EmbeddedOptions): string[] {
  const values = {
    listen_addresses: "",
    max_connections: "60",
    shared_buffers: "128MB",
    max_wal_size: "2GB",
    ...(options.durable === false ? { fsync: "off", full_page_writes: "off" } : {}),
  };
  return Object.entries(values).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}

async function waitUntilReady(place: Place): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS / 2;
  let last = "it did not answer";
  while (Date.now() < deadline) {
    const client = new pg.Client({ ...connection(place), database: "postgres" });
    try {
      await client.connect();
      await ensureDatabase(client);
      return "ready";
    } catch (thrown) {
      last = asError(thrown).message;
      // The keeper has gone (crash or a stop that was under way): begin anew.
      const leash = holdLeash(place.leash);
      leash?.release();
      if (leash === undefined || last.includes("shutting down")) return last;
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(20);
  }
  return last;
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const found = await client.query("select 1 from pg_database where datname = 'laniakea'");
  if (found.rowCount !== 0) return;
  await client.query("create database laniakea").catch((thrown: unknown) => {
    // 42P04 duplicate_database, 23505 unique_violation: another starter was quicker.
    if (!["42P04", "23505"].includes((thrown as { code: string }).code)) throw thrown;
  });
}

function connection(place: Place): { host: string; user: string } {
  return { host: place.socket, user: USER };
}

function address(place: Place): DatabaseAddress {
  return { socketDirectory: place.socket, user: USER, database: "laniakea" };
}

function account(identity: { uid?: number; gid?: number }): { uid?: number; gid?: number } {
  return identity.uid === undefined ? {} : { uid: identity.uid, gid: identity.gid ?? identity.uid };
}

function logTail(place: Place): string {
  return existsSync(place.log)
    ? readFileSync(place.log, "utf8").split("\n").slice(-6).join("\n")
    : "";
}
