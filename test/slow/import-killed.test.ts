import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import {
  connect,
  type Database,
  type DatabaseAddress,
  inTransaction,
} from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { deleteSuite } from "../../core/model/archive-removal.ts";
import { packageVersions, suiteOverview } from "../../core/modules/archive/read.ts";
import { findSuite } from "../../core/modules/archive/suites.ts";
import {
  binary,
  configure,
  eventsOf,
  importOne,
  index,
  setUpArchiveEvents,
  source,
  tinyArchive,
  type TinyArchive,
} from "../support/archive.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { createRandom } from "../support/random.ts";

/**
 * kill -9 of a real import at random moments, first imports and later ones, while somebody reads
 * all the time: each reader sees the old state of the suite or the new one. The next import
 * completes and leaves what a clean one leaves. LK_FULL=1 kills 60 instead of 12 times.
 */
const FULL = process.env["LK_FULL"] !== undefined;
const FIRST_KILLS = FULL ? 20 : 4;
const LATER_KILLS = FULL ? 40 : 8;
const SEED = Number(process.env["LK_SEED"] ?? 20_261_122);
const SOURCES = FULL ? 1_000 : 600;
const COMPONENTS = ["main", "contrib"];
const ARCHITECTURES = ["amd64", "armhf"];

const random = createRandom(SEED);
const folder = mkdtempSync(join(tmpdir(), "lk-killed-"));
const downloads = join(folder, "downloads");
let db: Database;
let address: DatabaseAddress;

test.before(async () => {
  address = await testDatabaseAddress();
  db = await connect(address);
  setUpArchiveEvents();
});
test.after.always(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

/** The indices of a state; a tenth of the packages differs from one state to the next. */
function indicesOf(state: number): Record<string, string> {
  const indices: Record<string, string> = {};
  for (const [place, component] of COMPONENTS.entries()) {
    const names = Array.from({ length: SOURCES / (place + 1) }, (_, n) => `${component}-${n}`);
    // Some come and go, some change their version, most stay.
    const here = names.filter((_, n) => n % 20 !== state % 2);
    const versionOf = (n: number): string => (n % 20 === 7 ? `1.${state}-1` : "1.0-1");
    const numbered = here.map((name) => [name, versionOf(Number(name.split("-")[1]))] as const);
    indices[indexPath("source", component, "")] = index(
      ...numbered.map(([name, version]) => source(name, version)),
    );
    for (const architecture of ARCHITECTURES) {
      const fields = { Architecture: architecture };
      indices[indexPath("deb", component, architecture)] = index(
        ...numbered.map(([name, version]) => binary(name, version, fields)),
        ...numbered
          .slice(0, 200)
          .map(([name, version]) => binary(`${name}-data`, version, { Architecture: "all" })),
      );
    }
  }
  return indices;
}

async function archiveOf(state: number): Promise<TinyArchive> {
  const archive = await tinyArchive({
    components: COMPONENTS,
    architectures: ARCHITECTURES,
    indices: indicesOf(state),
    forms: ["xz"],
  });
  await configure(archive);
  return archive;
}

interface Child {
  /** How long it took from its beginning; undefined when it was killed. */
  took: number | undefined;
}

/** Starts an import and, when told so, kills it with -9 so long after it began. */
async function runChild(suite: string, killAfter?: number): Promise<Child> {
  const program = fileURLToPath(new URL("import-child.js", import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(address), suite, downloads], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: folder },
  });
  const exit = once(child, "exit");
  let began = 0;
  let took: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  for await (const chunk of child.stdout) {
    const said = String(chunk);
    if (said.includes("ready")) {
      began = performance.now();
      if (killAfter !== undefined) timer = setTimeout(() => child.kill("SIGKILL"), killAfter);
    }
    if (said.includes("done")) took = performance.now() - began;
  }
  await exit;
  clearTimeout(timer);
  if (took === undefined && child.signalCode !== "SIGKILL") throw new Error("the import failed");
  return { took };
}

/**
 * What a reader sees of a suite, in one look: counts, the age of its Release, packages through the
 * queries that pages use, every row that belongs to an index of it, and its runs.
 */
function look(suite: string): Promise<{ content: string; runs: number; told: number }> {
  return inTransaction(async () => {
    await db.query("set transaction isolation level repeatable read, read only");
    const overview = (await suiteOverview()).find((one) => one.suite === suite);
    const names = ["main-0", "main-1", "main-7", "main-7-data", "contrib-27"];
    const found = [];
    for (const name of names) found.push(...(await packageVersions(name)));
    const versions = found
      .filter((one) => one.suite === suite)
      .map((one) => [one.type, one.component, one.version, one.sourceName, one.architectures]);
    const [row] = await db.query<{ rows: string | null; runs: number; told: number }>(
      `select (select md5(string_agg(line, ',' order by line)) from (
                 select concat_ws(' ', i.kind, i.component, i.architecture, i.sha256,
                                  i.stanza_count, p.name, p.version, p.stanza_hash) as line
                   from archive_index i join source_package p on p.index_id = i.id
                  where i.suite_id = s.id
                 union all
                 select concat_ws(' ', i.kind, i.component, i.architecture, i.sha256,
                                  i.stanza_count, p.name, p.version, p.stanza_hash)
                   from archive_index i join binary_package p on p.index_id = i.id
                  where i.suite_id = s.id
                 union all
                 select concat_ws(' ', p.name, p.version, f.name, f.size, f.sha256)
                   from archive_index i join source_package p on p.index_id = i.id
                   join source_file f on f.source_id = p.id
                  where i.suite_id = s.id) lines) as rows,
              (select count(*)::integer from import_run r where r.suite_id = s.id) as runs,
              (select count(*)::integer from event where data ->> 'suite' = s.name) as told
         from suite s where s.name = $1`,
      [suite],
    );
    const { sources, binaries, udebs } = overview ?? {};
    const content = JSON.stringify([sources, binaries, udebs, versions, row?.rows ?? null]);
    return { content, runs: row?.runs ?? 0, told: row?.told ?? 0 };
  });
}

/** Looks again and again until told to stop; returns how often, and throws at the first mixture. */
async function watch(suite: string, states: States, stop: AbortSignal): Promise<number> {
  const before = await look(suite);
  let looks = 0;
  while (!stop.aborted) {
    const seen = await look(suite);
    looks++;
    if (seen.content !== states.old && seen.content !== states.new) {
      throw new Error(`look ${looks}: neither the old nor the new state`);
    }
    const changed = states.old !== states.new && seen.content === states.new;
    const steps = changed && before.content === states.old ? 1 : 0;
    // A first import is one event, a later one an event for each package; all of them or none.
    const told = steps === 1 ? seen.told > before.told : seen.told === before.told;
    if (seen.runs !== before.runs + steps || !told) {
      throw new Error(`look ${looks}: the journal does not fit the packages`);
    }
  }
  return looks;
}

/** Anything that an import that was killed, and the next one, left behind. */
async function leftBehind(): Promise<string[]> {
  const rows = await db.query<{ what: string }>(
    `select 'source of no index: ' || name as what from source_package p
      where not exists (select 1 from archive_index i where i.id = p.index_id)
     union all
     select 'binary of no index: ' || name from binary_package p
      where not exists (select 1 from archive_index i where i.id = p.index_id)
     union all
     select 'file of no source: ' || name from source_file f
      where not exists (select 1 from source_package p where p.id = f.source_id)
     union all
     select 'index without content: ' || path from archive_index where sha256 = '' or size = 0
     union all
     select 'table: ' || relname from pg_class
      where relkind = 'r' and (relname like '%stage%' or relname like 'archive_%'
            and relnamespace <> 'public'::regnamespace)
     union all
     select 'change of no run' from archive_change c
      where not exists (select 1 from import_run r where r.id = c.run_id)
     union all
     select 'lock: ' || objid from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database
                                                   where datname = current_database())
     union all
     select 'session: ' || query from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and state like 'idle in transaction%'`,
  );
  const files = (await readdir(folder, { recursive: true })).filter(
    (name) => name.endsWith(".part") || name.startsWith("laniakea-"),
  );
  return [...rows.map((row) => row.what), ...files];
}

/** Random within the time that an import takes; a third of them around its end, where it commits. */
function moment(took: number): number {
  return random(3) === 0 ? took * (0.85 + random(250) / 1_000) : (took * random(1_000)) / 1_000;
}

interface States {
  old: string;
  new: string;
}

interface Tally {
  /** Of an import that was not killed, the last one, while somebody reads. */
  took: number;
  tried: number;
  killed: number;
  /** Killed after it had committed. */
  late: number;
  looks: number;
}

/** How long an import takes while somebody reads. */
async function createTally(suite: string, states: States): Promise<Tally> {
  const tally: Tally = { took: Infinity, tried: 0, killed: 0, late: 0, looks: 0 };
  await importWatched(suite, states, tally);
  return { ...tally, tried: 0 };
}

/** One import while somebody reads, killed within the time that one takes. */
async function importWatched(suite: string, states: States, tally: Tally): Promise<void> {
  const stop = new AbortController();
  const watching = watch(suite, states, stop.signal);
  const killAfter = Number.isFinite(tally.took) ? moment(tally.took) : undefined;
  const { took } = await runChild(suite, killAfter).finally(() => stop.abort());
  tally.looks += await watching;
  tally.tried++;
  const seen = (await look(suite)).content;
  if (took !== undefined) tally.took = took;
  else {
    tally.killed++;
    if (seen === states.new) tally.late++;
  }
}

/** The import after one that was killed. */
async function completes(suite: string, state: string): Promise<void> {
  await importOne(suite, { downloads });
  const { content } = await look(suite);
  if (content !== state) throw new Error("the next import did not complete");
}

test.serial(
  "killed at any moment a first import leaves nothing, and the next completes",
  async (t) => {
    t.timeout(1_800_000);
    const [clean, archive] = [await archiveOf(0), await archiveOf(0)];
    const { name } = archive.content;
    await importOne(clean.content.name);
    const states = {
      old: (await look(name)).content,
      new: (await look(clean.content.name)).content,
    };
    t.not(states.old, states.new);
    const tally = await createTally(name, states);
    while (tally.killed < FIRST_KILLS && tally.tried < FIRST_KILLS * 3) {
      const { id } = await findSuite(name);
      await inTransaction(() => deleteSuite(id));
      await db.query("delete from event");
      await configure(archive);
      await importWatched(name, states, tally);
      await completes(name, states.new);
      t.deepEqual(await leftBehind(), []);
      t.is((await eventsOf(name)).length, 1);
    }
    t.log(`seed ${SEED}: ${JSON.stringify(tally)}`);
    t.is(tally.killed, FIRST_KILLS);
    for (const one of [archive, clean]) await one.remove();
  },
);

test.serial(
  "killed at any moment an import of changes leaves the old state or the new",
  async (t) => {
    t.timeout(1_800_000);
    const clean = [await archiveOf(0), await archiveOf(1)];
    const states: string[] = [];
    for (const { content } of clean) {
      await importOne(content.name);
      states.push((await look(content.name)).content);
    }
    const [even = "", odd = ""] = states;
    const archive = await archiveOf(0);
    const { name } = archive.content;
    await importOne(name);
    await archive.publish({ indices: indicesOf(1) });
    const tally = await createTally(name, { old: even, new: odd });
    t.is((await look(name)).content, odd);
    const changes = await lastChanges(name);
    const events = (await eventsOf(name)).length - 1;
    while (tally.killed < LATER_KILLS && tally.tried < LATER_KILLS * 3) {
      const toEven = tally.tried % 2 === 0;
      const pair = toEven ? { old: odd, new: even } : { old: even, new: odd };
      await archive.publish({ indices: indicesOf(toEven ? 0 : 1) });
      await importWatched(name, pair, tally);
      await completes(name, pair.new);
      t.deepEqual(await leftBehind(), []);
      t.is(await lastChanges(name), changes);
      // One for the first import, and as many for each change since, however often it was tried.
      t.is((await eventsOf(name)).length, 1 + events * (1 + tally.tried));
    }
    t.log(`seed ${SEED}: ${JSON.stringify(tally)}`);
    t.is(tally.killed, LATER_KILLS);
    for (const one of [archive, ...clean]) await one.remove();
  },
);

async function lastChanges(suite: string): Promise<number> {
  const { id } = await findSuite(suite);
  const [row] = await db.query<{ changes: number }>(
    `select count(*)::integer as changes from archive_change
      where run_id = (select max(id) from import_run where suite_id = $1)`,
    [id],
  );
  return row?.changes ?? 0;
}
