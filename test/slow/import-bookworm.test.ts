import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { type Database } from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { writeSuite } from "../../core/demo/archive.ts";
import { archiveKey } from "../../core/demo/signing-key.ts";
import { decompress } from "../../core/modules/archive/decompress.ts";
import { repositorySection } from "../../core/modules/archive/repository-plan.ts";
import { applyDistro } from "../../core/modules/distro/apply.ts";
import { eventsOf, importOne, setUpArchiveEvents } from "../support/archive.ts";
import { testDatabase } from "../support/database.ts";
import { aptMirror, DEBIAN_KEYRING, whyNoDebian } from "../support/debian-mirror.ts";

/**
 * Debian bookworm main amd64 as it is published, from the mirror that apt of this machine uses.
 * Skipped, and named, where apt has none or Debian's keyring is missing.
 */
const PACKAGES = indexPath("deb", "main", "amd64");
const SOURCES = indexPath("source", "main", "");
const mirror = aptMirror();
const reason = whyNoDebian(mirror);
const slow = reason === undefined ? test.serial : test.serial.skip;

const folder = mkdtempSync(join(tmpdir(), "lk-bookworm-"));
/** Uncompressed, as downloaded by hand. */
const texts: Record<string, Buffer> = {};
let db: Database;

test.before(async (t) => {
  t.timeout(600_000);
  if (reason !== undefined) {
    t.log(`skipped: ${reason}`);
    return;
  }
  db = await testDatabase();
  setUpArchiveEvents();
  for (const path of [PACKAGES, SOURCES]) texts[path] = await download(path);
});
test.after.always(async () => {
  await db?.close();
  await rm(folder, { recursive: true });
});

slow("as many packages are stored as the files have stanzas", async (t) => {
  t.timeout(600_000);
  await describe([mirror ?? ""], DEBIAN_KEYRING);
  const started = performance.now();
  const result = await importOne("bookworm", { retries: 2 });
  t.log(`first import: ${Math.round(performance.now() - started)} ms`);
  t.is(result.sources, grepCount(SOURCES));
  t.is(result.binaries, grepCount(PACKAGES));
  t.deepEqual(await counts(), { sources: grepCount(SOURCES), binaries: grepCount(PACKAGES) });
  const events = await eventsOf("bookworm");
  t.deepEqual(
    events.map((event) => event.tag),
    ["_lk.archive.suite-imported"],
  );
});

slow("each stored package has the fields of its stanza", async (t) => {
  const [row] = await db.query<Record<string, unknown>>(
    "select name, version, file_name, size, sha256, depends from binary_package where name = 'bash'",
  );
  const text = texts[PACKAGES]?.toString("utf8") ?? "";
  const stanza = text.slice(text.indexOf("\n\nPackage: bash\n") + 2).split("\n\n")[0] ?? "";
  for (const [column, field] of [
    ["version", "Version"],
    ["file_name", "Filename"],
    ["size", "Size"],
    ["sha256", "SHA256"],
    ["depends", "Depends"],
  ] as const) {
    t.is(row?.[column], new RegExp(`^${field}: (.*)$`, "m").exec(stanza)?.[1]);
  }
});

slow("a second import changes nothing", async (t) => {
  const before = await rowPlaces();
  t.like(await importOne("bookworm", { retries: 2 }), { indices: 0, changes: [] });
  t.like(await importOne("bookworm", { retries: 2, force: true }), { indices: 2, changes: [] });
  t.is(await rowPlaces(), before);
  t.is((await eventsOf("bookworm")).length, 1);
});

slow("one changed stanza of a copy signed anew is one change and one event", async (t) => {
  t.timeout(600_000);
  const key = await archiveKey(join(folder, "key"));
  const text = texts[PACKAGES]?.toString("utf8") ?? "";
  const changed = text.replace(/(\n\nPackage: bash\n(?:.+\n)*?Version: \S+)/, "$1.1");
  t.not(changed, text);
  await writeSuite(
    folder,
    {
      name: "bookworm",
      components: ["main"],
      architectures: ["all", "amd64"],
      fields: { "No-Support-for-Architecture-all": "Packages" },
      forms: ["gz"],
      indices: { [PACKAGES]: changed, [SOURCES]: texts[SOURCES] ?? "" },
    },
    key,
  );
  await describe([`file://${folder}`], key.keyring);
  const result = await importOne("bookworm");
  t.deepEqual(result.changes, [{ change: "updated", count: 1 }]);
  const journal = await db.query("select name, change from archive_change");
  t.deepEqual(journal, [{ name: "bash", change: "updated" }]);
  const events = (await eventsOf("bookworm")).slice(1);
  t.is(events.length, 1);
  t.like(events[0]?.data, { pkg_name: "bash", change: "updated", binaries_count: 1 });
  t.deepEqual(await counts(), { sources: grepCount(SOURCES), binaries: grepCount(PACKAGES) });
});

async function describe(mirrors: string[], keyring: string): Promise<void> {
  const suite = [{ name: "bookworm", components: ["main"], architectures: ["amd64"] }];
  const document = { repository: [{ name: "debian", mirrors, keyring, suite }] };
  await applyDistro([repositorySection], document, { folder, dryRun: false, prune: false });
}

/** What `grep -c ^Package:` counts in a file. */
function grepCount(path: string): number {
  const file = join(folder, "texts", path);
  return Number(spawnSync("grep", ["-c", "^Package:", file], { encoding: "utf8" }).stdout);
}

async function counts(): Promise<unknown> {
  const [row] = await db.query(
    `select (select count(*)::integer from source_package) as sources,
            (select count(*)::integer from binary_package) as binaries`,
  );
  return row;
}

/** A fingerprint of where every row lies and who wrote it. */
async function rowPlaces(): Promise<string> {
  const [row] = await db.query<{ places: string }>(
    `select md5(string_agg(place, ',' order by place)) as places from (
       select 'b' || ctid || ' ' || xmin as place from binary_package
       union all select 's' || ctid || ' ' || xmin from source_package
       union all select 'f' || ctid || ' ' || xmin from source_file
     ) rows`,
  );
  return row?.places ?? "";
}

async function download(path: string): Promise<Buffer> {
  const response = await fetch(`${mirror}/dists/bookworm/${path}.xz`);
  if (!response.ok) throw new Error(`the mirror answers ${response.status} for ${path}.xz`);
  const compressed = join(folder, "texts", `${path}.xz`);
  await mkdir(dirname(compressed), { recursive: true });
  await writeFile(compressed, Buffer.from(await response.arrayBuffer()));
  const chunks: Buffer[] = [];
  const file = await open(compressed);
  for await (const chunk of decompress(path, file, "xz")) chunks.push(chunk);
  await file.close();
  await writeFile(join(folder, "texts", path), Buffer.concat(chunks));
  return readFile(join(folder, "texts", path));
}
