import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { indexPath } from "../../../../core/debian/index-path.ts";
import type { JournalRow } from "../../../../core/modules/archive/fold-journal.ts";
import { netChanges } from "../../../../core/modules/archive/net-change.ts";
import { findSuite } from "../../../../core/modules/archive/suites.ts";
import {
  ALL,
  AMD64,
  binary,
  configure,
  importOne,
  index,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../../../support/archive.ts";
import { testDatabase } from "../../../support/database.ts";
import { createRandom, pick, type Random } from "../../../support/random.ts";

/**
 * The journal against random edits of a tiny archive, with real imports: from each state and the
 * journal follows the next one, and what `diff` tells between any two is what differs between
 * them. LK_FULL=1 makes many more edits.
 */
const RUNS = process.env["LK_FULL"] === undefined ? 16 : 120;
const SEED = Number(process.env["LK_SEED"] ?? 20_261_122);

let db: Database;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(() => db.close());

const NAMES = ["alpha", "beta", "gamma", "delta", "libfoo1", "libfoo-dev", "linux", "zlib"];
const VERSIONS = ["1", "1.0", "1.00", "2~rc1", "2", "2-1", "2-1+b1", "10", "1:0.1"];
const CONTRIB = indexPath("source", "contrib", "");
const CONTRIB_AMD64 = indexPath("deb", "contrib", "amd64");
const ARMHF = indexPath("deb", "main", "armhf");
const UDEBS = indexPath("udeb", "main", "amd64");
const PATHS = [
  SOURCES,
  CONTRIB,
  AMD64,
  ARMHF,
  ALL,
  CONTRIB_AMD64,
  indexPath("deb", "contrib", "armhf"),
  indexPath("deb", "contrib", "all"),
  UDEBS,
];

/** What the archive lists: for each index its stanzas, by what may stand there only once. */
type Lists = Map<string, Map<string, string>>;

function addStanza(random: Random, lists: Lists, path = pick(random, PATHS)): void {
  const name = pick(random, NAMES);
  const version = pick(random, VERSIONS);
  const note = { Note: String(random(3)) };
  if (path.endsWith("Sources")) {
    const coexists = random(5) === 0 ? { "Extra-Source-Only": "yes" } : {};
    lists.get(path)?.set(`${name} ${version}`, source(name, version, { ...note, ...coexists }));
    return;
  }
  const own = /binary-(\w+)/.exec(path)?.[1] ?? "";
  const architecture = own === "all" || random(3) === 0 ? "all" : own;
  const fields = { ...note, Architecture: architecture, Source: `${pick(random, NAMES)} (1)` };
  lists.get(path)?.set(`${name} ${version} ${architecture}`, binary(name, version, fields));
}

function removeStanza(random: Random, lists: Lists): [string, string] | undefined {
  const list = lists.get(pick(random, PATHS)) ?? new Map<string, string>();
  if (list.size === 0) return undefined;
  const entry = pick(random, [...list]);
  list.delete(entry[0]);
  return entry;
}

/** Adds, removes, alters and moves between components and between indices of all. */
function edit(random: Random, lists: Lists): void {
  for (let count = 1 + random(6); count > 0; count--) {
    const removed = random(2) === 0 ? removeStanza(random, lists) : undefined;
    if (removed === undefined) {
      addStanza(random, lists);
    } else if (random(2) === 0) {
      const [key, stanza] = removed;
      const isSource = !stanza.includes("Filename:");
      const isAll = stanza.includes("Architecture: all\n");
      const places = isSource
        ? [SOURCES, CONTRIB]
        : isAll
          ? [AMD64, ARMHF, ALL]
          : [AMD64, CONTRIB_AMD64];
      lists.get(pick(random, places))?.set(key, stanza);
    }
  }
}

/** Versions and stanzas of each package, component and architecture: read from the tables. */
type State = Map<string, { versions: string[]; content: string }>;

async function readState(suite: string): Promise<State> {
  const rows = await db.query<{ key: string; versions: string[]; content: string }>(
    `select kind || ' ' || p.name || ' ' || component || ' ' || architecture as key,
            array_agg(distinct p.version order by p.version) as versions,
            string_agg(distinct stanza_hash::text, ' ' order by stanza_hash::text) as content
       from (select i.suite_id, i.kind, p.name, i.component, 'source' as architecture, p.version,
                    p.stanza_hash
               from source_package p join archive_index i on i.id = p.index_id
             union all
             select i.suite_id, i.kind, p.name, i.component, p.architecture, p.version, p.stanza_hash
               from binary_package p join archive_index i on i.id = p.index_id) p
       join suite s on s.id = p.suite_id
      where s.name = $1 group by 1`,
    [suite],
  );
  return new Map(rows.map(({ key, versions, content }) => [key, { versions, content }]));
}

interface Recorded {
  run: number;
  state: State;
}

async function lastRun(suite: string): Promise<number> {
  const [row] = await db.query<{ run: number }>(
    `select max(r.id)::float8 as run from import_run r join suite s on s.id = r.suite_id
      where s.name = $1 and outcome = 'done'`,
    [suite],
  );
  return row?.run ?? 0;
}

/** One step in the life of an archive: an edit, sometimes with other things that happen. */
async function live(random: Random, archive: TinyArchive, lists: Lists): Promise<void> {
  const { name } = archive.content;
  edit(random, lists);
  const what = random(8);
  if (what === 0) {
    await archive.publish({ indices: { ...textsOf(lists), [SOURCES]: "Package: -broken-\n" } });
    await importOne(name).then(
      () => Promise.reject(new Error("a broken archive was imported")),
      () => undefined,
    );
  }
  if (what === 1) {
    await configure(archive, {
      udebs: true,
      ...pick(random, [{ architectures: ["amd64"] }, { components: ["main"] }]),
    });
  }
  await archive.publish({ indices: textsOf(lists) });
  await importOne(name, { force: what === 2 });
  if (what === 1) await configure(archive, { udebs: true });
}

function textsOf(lists: Lists): Record<string, string> {
  return Object.fromEntries([...lists].map(([path, list]) => [path, index(...list.values())]));
}

function keyOf({ type, name, component, architecture }: JournalRow): string {
  return `${type} ${name} ${component} ${architecture}`;
}

test("from any state and the journal follows any other", async (t) => {
  t.timeout(1_800_000);
  t.log(`seed ${SEED}, ${RUNS} runs`);
  const random = createRandom(SEED);
  const lists: Lists = new Map(PATHS.map((path) => [path, new Map<string, string>()]));
  for (let count = 0; count < 40; count++) addStanza(random, lists);
  const archive = await tinyArchive({
    components: ["main", "contrib"],
    architectures: ["amd64", "armhf", "all"],
    indices: textsOf(lists),
  });
  const { name } = archive.content;
  await configure(archive, { udebs: true });
  await importOne(name);
  const states: Recorded[] = [{ run: await lastRun(name), state: await readState(name) }];
  for (let run = 1; run < RUNS; run++) {
    await live(random, archive, lists);
    states.push({ run: await lastRun(name), state: await readState(name) });
  }
  const { id } = await findSuite(name);
  for (const [place, older] of states.slice(0, -1).entries()) {
    const newer = states[place + 1];
    if (newer !== undefined)
      t.deepEqual(await replay(id, older, newer.run), versionsOf(newer.state));
  }
  for (const { run } of states) t.deepEqual(await netOf(id, run), await journalOf(id, run));
  for (let pair = 0; pair < RUNS * 3; pair++) {
    const [older, newer] = [pick(random, states), pick(random, states)].toSorted(
      (a, b) => a.run - b.run,
    );
    if (older === undefined || newer === undefined) continue;
    const told = await netChanges(id, older.run, newer.run, NO_FILTER);
    t.deepEqual(told.map(keyOf).toSorted(), differing(older.state, newer.state));
    for (const row of told) {
      const before = older.state.get(keyOf(row))?.versions ?? [];
      const after = newer.state.get(keyOf(row))?.versions ?? [];
      if (before.length === 0) t.is(row.change, "added");
      else if (after.length === 0) t.is(row.change, "removed");
      else if (before.join() === after.join()) t.is(row.change, "changed");
      if (row.version_old !== null) t.true(before.includes(row.version_old));
      if (row.version_new !== null) t.true(after.includes(row.version_new));
    }
  }
  await archive.remove();
});

const NO_FILTER = { components: [], architectures: [], names: [] };

/** What one run changed, as the journal has it: the difference between two adjacent states. */
function journalOf(suiteId: number, run: number): Promise<JournalRow[]> {
  return db.query<JournalRow>(
    `select type, name, source_name, component, architecture, change, version_old, version_new
       from archive_change where suite_id = $1 and run_id = $2
      order by type = 'source' desc, name, component, architecture, type`,
    [suiteId, run],
  );
}

function netOf(suiteId: number, run: number): Promise<JournalRow[]> {
  return netChanges(suiteId, run - 1, run, NO_FILTER);
}

/** A state and the rows of the runs up to another: all that is known of the other. */
async function replay(suiteId: number, from: Recorded, until: number): Promise<object> {
  const versions = versionsOf(from.state);
  const rows = await db.query<JournalRow & { before: string[]; after: string[] }>(
    `select type, name, component, architecture, change, version_old, version_new,
            coalesce(versions_old, array_remove(array[version_old], null)) as before,
            coalesce(versions_new, array_remove(array[version_new], null)) as after
       from archive_change where suite_id = $1 and run_id > $2 and run_id <= $3 order by id`,
    [suiteId, from.run, until],
  );
  for (const row of rows) {
    const key = keyOf(row);
    const known = versions[key] ?? [];
    if (known.join() !== row.before.toSorted().join()) {
      throw new Error(`${key} was ${known.join()}, the journal says ${row.before.join()}`);
    }
    if (row.after.length === 0) delete versions[key];
    else versions[key] = row.after.toSorted();
  }
  return versions;
}

function versionsOf(state: State): Record<string, string[]> {
  return Object.fromEntries([...state].map(([key, { versions }]) => [key, versions.toSorted()]));
}

function differing(older: State, newer: State): string[] {
  const keys = new Set([...older.keys(), ...newer.keys()]);
  return [...keys].filter((key) => older.get(key)?.content !== newer.get(key)?.content).toSorted();
}
