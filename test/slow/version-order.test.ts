import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Database } from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { versionFault, versionKey } from "../../core/debian/version.ts";
import { testDatabase } from "../support/database.ts";
import { aptMirror, mirrorIndex } from "../support/debian-mirror.ts";
import { createRandom, pick } from "../support/random.ts";

/**
 * PostgreSQL's `ORDER BY` on the key of versions against dpkg itself: on each adjacent pair of all
 * versions of Debian, and on random pairs. dpkg's comparison is called in its own library, and for
 * a part of the pairs in the program `dpkg --compare-versions`. LK_FULL=1 takes all suites from
 * bullseye to sid, all components and three architectures.
 */
const FULL = process.env["LK_FULL"] !== undefined;
const SUITES = FULL ? ["bullseye", "bookworm", "trixie", "forky", "sid"] : ["bookworm", "sid"];
const COMPONENTS = FULL ? ["main", "contrib", "non-free", "non-free-firmware"] : ["main"];
const ARCHITECTURES = FULL ? ["amd64", "arm64", "riscv64"] : ["amd64"];
const RANDOM_PAIRS = 200_000;
const PROGRAM_PAIRS = 5_000;
const CRAFTED = 20_000;

const mirror = aptMirror();
const reason = whyNot();
const slow = reason === undefined ? test.serial : test.serial.skip;
const folder = mkdtempSync(join(tmpdir(), "lk-versions-"));
const random = createRandom(20_261_122);
let db: Database;
/** In the order of the database; equal versions have equal ranks. */
let ordered: { version: string; rank: number }[] = [];

test.before(async (t) => {
  t.timeout(1_800_000);
  if (reason !== undefined) {
    t.log(`skipped: ${reason}`);
    return;
  }
  compile();
  db = await testDatabase();
  const versions = new Set<string>(craftedVersions());
  const crafted = versions.size;
  for (const suite of SUITES) await addVersions(suite, versions);
  ordered = await orderInDatabase([...versions]);
  t.log(`${versions.size - crafted} versions of ${SUITES.join(", ")}, and ${crafted} crafted ones`);
});
test.after.always(async () => {
  await db?.close();
  await rm(folder, { recursive: true });
});

slow("each adjacent pair of all versions is in dpkg's order", (t) => {
  t.timeout(600_000);
  const pairs = ordered
    .slice(1)
    .map((second, place) => [ordered[place] ?? second, second] as const);
  t.true(pairs.length > 40_000);
  const wrong = disagreements(pairs);
  t.log(`${pairs.length} pairs compared`);
  t.deepEqual(wrong.slice(0, 20), []);
});

slow("200,000 random pairs are in dpkg's order", (t) => {
  t.timeout(600_000);
  const pairs = randomPairs(RANDOM_PAIRS);
  t.deepEqual(disagreements(pairs).slice(0, 20), []);
});

slow("the program dpkg agrees, on pairs of both sorts", (t) => {
  t.timeout(600_000);
  const adjacent = Array.from({ length: PROGRAM_PAIRS / 2 }, () => {
    const place = random(ordered.length - 1);
    return [ordered[place], ordered[place + 1]] as Pair;
  });
  const pairs = [...adjacent, ...randomPairs(PROGRAM_PAIRS / 2)];
  const claims = pairs.map(([a, b]) => `${a.version}\n${relation(a, b)}\n${b.version}\n`);
  t.true(dpkgAgrees(claims));
  // One lie among them is found.
  t.false(dpkgAgrees([...claims.slice(0, 100), "1.0\nlt\n1.0~rc1\n"]));
});

type Pair = readonly [(typeof ordered)[number], (typeof ordered)[number]];

function randomPairs(count: number): Pair[] {
  return Array.from(
    { length: count },
    () => [pick(random, ordered), pick(random, ordered)] as const,
  );
}

/** What the database says of a pair, in dpkg's word. */
function relation(a: Pair[0], b: Pair[0]): string {
  return a.rank < b.rank ? "lt" : a.rank > b.rank ? "gt" : "eq";
}

/** Pairs of which dpkg's library says something else than the database. */
function disagreements(pairs: readonly Pair[]): string[] {
  const input = pairs.map(([a, b]) => `${a.version} ${b.version}\n`).join("");
  const { status, stdout, stderr } = spawnSync(join(folder, "compare-versions"), {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`the comparison failed: ${stderr}`);
  const answers = stdout.trimEnd().split("\n");
  if (answers.length !== pairs.length) throw new Error("the comparison did not answer all");
  const words: Record<string, string> = { "<": "lt", "=": "eq", ">": "gt" };
  return pairs.flatMap(([a, b], place) => {
    const dpkg = words[answers[place] ?? ""] ?? "";
    return dpkg === relation(a, b) ? [] : [`${a.version} ${dpkg} ${b.version} for dpkg`];
  });
}

/** A process for each claim `A, relation, B`; true when all are as claimed. */
function dpkgAgrees(claims: string[]): boolean {
  const { status } = spawnSync("xargs", ["-n", "3", "-P", "4", "dpkg", "--compare-versions"], {
    input: claims.join(""),
  });
  // xargs(1): 123 when any of them ended with a status from 1 to 125.
  if (status !== 0 && status !== 123) throw new Error(`xargs ended with ${status}`);
  return status === 0;
}

async function orderInDatabase(versions: string[]): Promise<typeof ordered> {
  // As in the real tables, collation too.
  await db.query(
    "create table version_order as select version, version_key from source_package with no data",
  );
  for (let start = 0; start < versions.length; start += 20_000) {
    const some = versions.slice(start, start + 20_000);
    await db.query(
      `insert into version_order (version, version_key)
       select * from unnest($1::text[], $2::text[])`,
      [some, some.map(versionKey)],
    );
  }
  return db.query(
    `select version, dense_rank() over (order by version_key)::integer as rank
       from version_order order by version_key`,
  );
}

async function addVersions(suite: string, versions: Set<string>): Promise<void> {
  for (const component of COMPONENTS) {
    const paths = [
      indexPath("source", component, ""),
      ...ARCHITECTURES.map((architecture) => indexPath("deb", component, architecture)),
    ];
    for (const path of paths) {
      const content = await mirrorIndex(mirror ?? "", suite, path);
      if (content !== undefined) await addVersionsOf(content, versions);
    }
  }
}

/** What stands in fields of that name; they have one line each. */
async function addVersionsOf(content: AsyncIterable<Buffer>, versions: Set<string>): Promise<void> {
  let rest = "";
  for await (const chunk of content) {
    const text = rest + chunk.toString("latin1");
    const end = text.lastIndexOf("\n") + 1;
    for (const [, version = ""] of text.slice(0, end).matchAll(/^Version: (.*)$/gm)) {
      versions.add(version);
    }
    rest = text.slice(end);
  }
}

/** Valid ones of all shapes, short, so that many differ by little. */
function craftedVersions(): string[] {
  const pieces = [
    "0",
    "1",
    "00",
    "01",
    "9",
    "10",
    "a",
    "Z",
    "z",
    "rc",
    "~",
    "~~",
    "+",
    ".",
    "-",
    ":",
  ];
  const made = Array.from({ length: CRAFTED }, () => {
    const length = 1 + random(7);
    return Array.from({ length }, () => pick(random, pieces)).join("");
  });
  return made.filter((version) => versionFault(version) === undefined);
}

function compile(): void {
  const source = "test/slow/compare-versions.c";
  const output = join(folder, "compare-versions");
  const flags = ["-O2", "-DLIBDPKG_VOLATILE_API", "-o", output, source, "-ldpkg"];
  const { status, stderr } = spawnSync("gcc", flags, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${source} cannot be compiled: ${stderr}`);
}

function whyNot(): string | undefined {
  if (mirror === undefined) return "apt of this machine has no source for Debian bookworm";
  if (spawnSync("gcc", ["--version"]).status !== 0) return "gcc is missing; apt-get install gcc";
  if (!existsSync("/usr/include/dpkg/dpkg.h")) {
    return "dpkg's library is missing; apt-get install libdpkg-dev";
  }
  return undefined;
}
