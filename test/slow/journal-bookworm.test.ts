import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Database } from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { writeSuite } from "../../core/demo/archive.ts";
import { type ArchiveKey, archiveKey } from "../../core/demo/signing-key.ts";
import type { JournalRow } from "../../core/modules/archive/fold-journal.ts";
import { netChanges } from "../../core/modules/archive/net-change.ts";
import { repositorySection } from "../../core/modules/archive/repository-plan.ts";
import { findSuite } from "../../core/modules/archive/suites.ts";
import { applyDistro } from "../../core/modules/distro/apply.ts";
import { eventsOf, importOne, setUpArchiveEvents } from "../support/archive.ts";
import { testDatabase } from "../support/database.ts";
import { aptMirror, mirrorIndex } from "../support/debian-mirror.ts";
import { createRandom, pick } from "../support/random.ts";

/**
 * The journal of Debian bookworm (main and contrib, amd64, all in an index of its own, udebs)
 * against the differences of the files themselves: after a first import, a hundredth and then a
 * tenth of all stanzas is changed, removed, added, or moved. Skipped, and named, where apt has no
 * mirror.
 */
const mirror = aptMirror();
const slow = mirror === undefined ? test.serial.skip : test.serial;
const COMPONENTS = ["main", "contrib"];
const SUITE = "bookworm-edited";
const folder = mkdtempSync(join(tmpdir(), "lk-journal-"));
const random = createRandom(20_261_122);
let db: Database;
let key: ArchiveKey;

/** A stanza and the index that lists it; as latin1, so that no byte is lost. */
interface Listed {
  path: string;
  text: string;
}

test.before(async (t) => {
  t.timeout(600_000);
  if (mirror === undefined) {
    t.log("skipped: apt of this machine has no source for Debian bookworm");
    return;
  }
  db = await testDatabase();
  setUpArchiveEvents();
  key = await archiveKey(join(folder, "key"));
});
test.after.always(async () => {
  await db?.close();
  await rm(folder, { recursive: true });
});

slow("the journal of real changes is what differs between the files", async (t) => {
  t.timeout(900_000);
  const first = await bookworm();
  const second = edited(first, Math.round(first.length / 100));
  const third = edited(second, Math.round(first.length / 10));
  const states = [];
  for (const [day, state] of [first, second, third].entries()) {
    await publish(state, new Date(Date.UTC(2026, 0, 1 + day)));
    await importOne(SUITE);
    states.push({ packages: packagesOf(state), run: await lastRun() });
  }
  const { id } = await findSuite(SUITE);
  for (const [older, newer] of [
    [0, 1],
    [1, 2],
    [0, 2],
  ] as const) {
    const [before, after] = [states[older], states[newer]];
    if (before === undefined || after === undefined) throw new Error("a state is missing");
    const expected = differences(before.packages, after.packages);
    t.log(`${expected.size} packages differ between the states ${older + 1} and ${newer + 1}`);
    const told = await netChanges(id, before.run, after.run, NO_FILTER);
    t.deepEqual(told.map(keyOf).toSorted(), [...expected.keys()].toSorted());
    t.deepEqual(told.filter((row) => !fits(row, expected)).slice(0, 5), []);
  }
  const [, ...events] = await eventsOf(SUITE);
  t.deepEqual([...new Set(events.map((event) => event.tag))], ["_lk.archive.package-changed"]);
  for (const { data } of events) t.true(JSON.stringify(data).length < 20_000);
});

const NO_FILTER = { components: [], architectures: [], names: [] };

async function bookworm(): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const component of COMPONENTS) {
    for (const kind of ["source", "deb", "udeb"] as const) {
      const path = indexPath(kind, component, "amd64");
      const content = await mirrorIndex(mirror ?? "", "bookworm", path);
      if (content === undefined) continue;
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      for (const text of Buffer.concat(chunks).toString("latin1").trimEnd().split("\n\n")) {
        // Half of the packages for all stand in the index of all.
        const all = kind === "deb" && /^Architecture: all$/m.test(text) && random(2) === 0;
        listed.push({ path: all ? indexPath(kind, component, "all") : path, text });
      }
    }
  }
  return listed;
}

/** A copy in which so many stanzas were changed, removed, added or moved. */
function edited(state: readonly Listed[], count: number): Listed[] {
  const copy: (Listed | undefined)[] = [...state];
  for (let edit = 0; edit < count; edit++) {
    const place = random(state.length);
    const stanza = copy[place];
    if (stanza === undefined) continue;
    const { path, text } = stanza;
    const changes: (() => Listed | undefined)[] = [
      () => ({ path, text: text.replace(/^(Version: .*)$/m, "$1+lk1") }),
      () => ({ path, text: text.replace(/^(Version: .*)$/m, "$1~lk1") }),
      () => ({ path, text: `${text}\nLaniakea-Edit-${edit}: yes` }),
      () => undefined,
      () => {
        copy.push({ path, text: text.replace(/^Package: .*$/m, `$&-lk${edit}`) });
        return stanza;
      },
      () => {
        // A second version beside the first, as with Extra-Source-Only.
        copy.push({ path, text: text.replace(/^(Version: .*)$/m, `$1+co${edit}`) });
        return stanza;
      },
      () => ({ path: otherComponent(path), text }),
      () => ({ path: otherIndex(path, text), text }),
    ];
    copy[place] = pick(random, changes)();
  }
  return copy.filter((stanza) => stanza !== undefined);
}

function otherComponent(path: string): string {
  // Contrib has no packages for the installer.
  if (path.includes("debian-installer")) return path;
  return path.startsWith("main/")
    ? path.replace("main/", "contrib/")
    : path.replace("contrib/", "main/");
}

function otherIndex(path: string, text: string): string {
  if (path.includes("debian-installer") || !/^Architecture: all$/m.test(text)) return path;
  return path.includes("binary-all")
    ? path.replace("-all", "-amd64")
    : path.replace("-amd64", "-all");
}

async function publish(state: readonly Listed[], date: Date): Promise<void> {
  const lists = new Map<string, string[]>();
  for (const { path, text } of state) {
    const list = lists.get(path);
    if (list === undefined) lists.set(path, [text]);
    else list.push(text);
  }
  const indices = Object.fromEntries(
    [...lists].map(([path, list]) => [path, Buffer.from(`${list.join("\n\n")}\n`, "latin1")]),
  );
  const architectures = ["amd64", "all"];
  const content = { name: SUITE, components: COMPONENTS, architectures, indices, date };
  await writeSuite(folder, { ...content, forms: ["plain"] }, key);
  const suite = [{ name: SUITE, components: COMPONENTS, architectures: ["amd64"], udebs: true }];
  const document = {
    repository: [{ name: "debian", url: `file://${folder}`, keyring: key.keyring, suite }],
  };
  await applyDistro([repositorySection], document, { folder, dryRun: false, prune: false });
}

/** The stanzas of each package by their versions, however many indices list them. */
type Packages = Map<string, Map<string, Set<string>>>;

function packagesOf(state: readonly Listed[]): Packages {
  const packages: Packages = new Map();
  for (const { path, text } of state) {
    const source = path.endsWith("/Sources");
    const type = source ? "source" : path.includes("debian-installer") ? "udeb" : "deb";
    const architecture = source ? "source" : field(text, "Architecture");
    const id = `${type} ${field(text, "Package")} ${path.split("/")[0]} ${architecture}`;
    const versions = packages.get(id) ?? new Map<string, Set<string>>();
    packages.set(id, versions);
    const version = field(text, "Version");
    versions.set(version, (versions.get(version) ?? new Set()).add(text));
  }
  return packages;
}

function field(text: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
}

interface Sides {
  before: string[];
  after: string[];
}

function differences(older: Packages, newer: Packages): Map<string, Sides> {
  const found = new Map<string, Sides>();
  for (const id of new Set([...older.keys(), ...newer.keys()])) {
    const [before, after] = [older.get(id), newer.get(id)];
    if (stanzasOf(before) === stanzasOf(after)) continue;
    found.set(id, { before: [...(before?.keys() ?? [])], after: [...(after?.keys() ?? [])] });
  }
  return found;
}

function stanzasOf(versions: Map<string, Set<string>> | undefined): string {
  const texts = [...(versions?.values() ?? [])].flatMap((stanzas) => [...stanzas]);
  return texts.toSorted().join("\n\n");
}

/** Whether a row says what happened between the versions that the files have. */
function fits(row: JournalRow, expected: Map<string, Sides>): boolean {
  const { before, after } = expected.get(keyOf(row)) ?? { before: [], after: [] };
  const { version_old: from, version_new: to } = row;
  if (from !== null && !before.includes(from)) return false;
  if (to !== null && !after.includes(to)) return false;
  if (before.length === 0) return row.change === "added" && to !== null;
  if (after.length === 0) return row.change === "removed" && from !== null;
  const same = before.toSorted().join(" ") === after.toSorted().join(" ");
  return same === (row.change === "changed");
}

function keyOf({ type, name, component, architecture }: JournalRow): string {
  return `${type} ${name} ${component} ${architecture}`;
}

async function lastRun(): Promise<number> {
  const [row] = await db.query<{ run: number }>("select max(id)::float8 as run from import_run");
  return row?.run ?? 0;
}
