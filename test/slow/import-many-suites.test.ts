import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "ava";
import pg from "pg";
import { indexPath } from "../../core/debian/index-path.ts";
import { parseRelease } from "../../core/debian/release.ts";
import { signRelease } from "../../core/demo/archive.ts";
import { type ArchiveKey, archiveKey } from "../../core/demo/signing-key.ts";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { aptMirror } from "../support/debian-mirror.ts";

/**
 * Many suites of Debian at once, as the mirror of this machine's apt has them: four suites with two
 * architectures; with LK_FULL=1 ten suites from bullseye to sid with five. The indices are copied
 * first, so that what is counted is what is imported; a copy is signed anew, for a mirror may lag
 * behind the time that its Release is valid until.
 */
const FULL = process.env["LK_FULL"] !== undefined;
const SUITES = FULL
  ? ["bullseye", "bookworm", "trixie", "forky", "sid"].concat(
      ["bullseye-updates", "bookworm-updates", "bookworm-backports"],
      ["trixie-updates", "trixie-backports"],
    )
  : ["bookworm", "trixie", "bookworm-updates", "bookworm-backports"];
const ARCHITECTURES = FULL ? ["amd64", "arm64", "armhf", "i386", "s390x"] : ["amd64", "arm64"];
/** The bound that the project has set itself. */
const MOST_MEGABYTES = 250;

const mirror = aptMirror();
const folder = mkdtempSync(join(tmpdir(), "lk-many-"));
const slow = mirror === undefined ? test.skip : test;
if (mirror === undefined) {
  test("say why", (t) => t.pass("skipped: apt of this machine has no source for Debian"));
}

test.after.always(() => rm(folder, { recursive: true }));

slow("rows equal the stanzas of each index, in bounded memory", async (t) => {
  t.timeout(1_500_000);
  const key = await archiveKey(join(folder, "key"));
  const expected = new Map<string, number>();
  let description = `[[repository]]\nname = "debian"\nmirrors = ["file://${folder}"]\n`;
  description += `keyring = "${key.keyring}"\n`;
  for (const suite of SUITES) {
    const { architectures, counts } = await copySuite(suite, key);
    for (const [path, count] of counts) expected.set(`${suite} ${path}`, count);
    const missing = ARCHITECTURES.filter((one) => !architectures.includes(one));
    if (missing.length > 0) t.log(`the mirror has ${suite} without ${missing.join(", ")}`);
    description += `[[repository.suite]]\nname = "${suite}"\ncomponents = ["main"]\n`;
    description += `architectures = ${JSON.stringify(architectures)}\ntranslations = []\n`;
  }
  await writeFile(join(folder, "distro.toml"), description);

  const data = join(folder, "data");
  const server = await joinEmbeddedServer({ directory: join(data, "postgres"), durable: false });
  t.teardown(() => server.release());
  await lk(data, "distro", "apply", join(folder, "distro.toml"));
  const first = await lk(data, "import");
  const again = await lk(data, "import", "--force");
  const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
  t.log(`${SUITES.length} suites, ${expected.size} indices, ${total} packages`);
  t.log(`first import: ${first.megabytes} MB at most; all read again: ${again.megabytes} MB`);

  const { socketDirectory: host = "", user = "", database = "" } = server.address;
  const client = new pg.Client({ host, user, database });
  await client.connect();
  t.teardown(() => client.end());
  const { rows } = await client.query<{ index: string; rows: number }>(
    `select s.name || ' ' || i.path as index, count(p.id)::integer as rows
       from archive_index i join suite s on s.id = i.suite_id
       left join (select id, index_id from source_package
                  union all select id, index_id from binary_package) p on p.index_id = i.id
      group by s.name, i.path`,
  );
  t.deepEqual(
    Object.fromEntries(rows.map((row) => [row.index, row.rows])),
    Object.fromEntries(expected),
  );
  t.true(first.megabytes < MOST_MEGABYTES, `${first.megabytes} MB`);
  t.true(again.megabytes < MOST_MEGABYTES, `${again.megabytes} MB`);
});

interface Copied {
  architectures: string[];
  /** Stanzas by the path of the index. */
  counts: Map<string, number>;
}

/** Copies what the mirror has of a suite, as far as it is what its Release lists. */
async function copySuite(suite: string, key: ArchiveKey): Promise<Copied> {
  const signed = (await get(suite, "InRelease"))?.toString("utf8") ?? "";
  const from = signed.indexOf("\n\n") + 2;
  const text = signed
    .slice(from, signed.indexOf("-----BEGIN PGP SIGNATURE"))
    .replace(/^Valid-Until:.*\n/m, "");
  const release = parseRelease(Buffer.from(text), suite);
  const copied: Copied = { architectures: [], counts: new Map() };
  const wanted = ["source", ...ARCHITECTURES.filter((one) => release.architectures.includes(one))];
  for (const architecture of wanted) {
    const kind = architecture === "source" ? "source" : "deb";
    const path = indexPath(kind, "main", architecture);
    const bytes = await get(suite, `${path}.xz`);
    const listed = release.files.get(`${path}.xz`)?.sha256;
    if (bytes === undefined || createHash("sha256").update(bytes).digest("hex") !== listed)
      continue;
    const file = join(folder, "dists", suite, `${path}.xz`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    copied.counts.set(path, countStanzas(file));
    if (kind === "deb") copied.architectures.push(architecture);
  }
  await signRelease(join(folder, "dists", suite), text, key);
  return copied;
}

async function get(suite: string, path: string): Promise<Buffer | undefined> {
  const response = await fetch(`${mirror}/dists/${suite}/${path}`);
  return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
}

/** What `grep -c ^Package:` counts. */
function countStanzas(file: string): number {
  const { stdout } = spawnSync("xz", ["-dc", file], { maxBuffer: 2 ** 30 });
  const counted = spawnSync("grep", ["-c", "^Package:"], { input: stdout, encoding: "utf8" });
  return Number(counted.stdout);
}

/** Runs a command in a process of its own; tells the most memory that was resident in it. */
function lk(data: string, ...args: string[]): Promise<{ megabytes: number }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [resolve("dist/lk.js"), "--data", data, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let megabytes = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    }
    const status = `/proc/${child.pid}/status`;
    const look = setInterval(() => {
      // The kernel keeps the highest figure; it is gone with the process.
      const text = existsSync(status) ? readFileSync(status, "utf8") : "";
      const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0);
      megabytes = Math.max(megabytes, Math.round((kilobytes * 1024) / 1e6));
    }, 50);
    child.once("close", (code) => {
      clearInterval(look);
      if (code === 0) done({ megabytes });
      else fail(new Error(`lk ${args.join(" ")} ended with ${code}: ${said}`));
    });
  });
}
