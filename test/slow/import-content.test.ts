import { spawnSync } from "node:child_process";
import { mkdtempSync, openSync, closeSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import type { Database } from "../../core/database/connect.ts";
import { parsePackageList } from "../../core/debian/package-list.ts";
import { parseRelationship, printRelationship } from "../../core/debian/relationship.ts";
import { silentLog } from "../../core/log.ts";
import { findFiles } from "../../core/modules/archive/contents/find-files.ts";
import { repositorySection } from "../../core/modules/archive/repository-plan.ts";
import { findSuite } from "../../core/modules/archive/suites.ts";
import { applyDistro } from "../../core/modules/distro/apply.ts";
import { aptMirror, DEBIAN_KEYRING, whyNoDebian } from "../support/debian-mirror.ts";
import { importOne, setUpArchiveEvents } from "../support/archive.ts";
import { testDatabase } from "../support/database.ts";

/**
 * Everything that real suites of Debian have, from the mirror that apt of this machine uses, each
 * index counted by grep besides. Small suites; with LK_FULL=1 bookworm itself as well.
 * Skipped, and named, where apt has no mirror or Debian's keyring is missing.
 */
interface Case {
  name: string;
  components: string[];
  architectures: string[];
  sources?: boolean;
  udebs?: boolean;
  translations?: string[];
  dep11?: boolean;
  /** A file and the package that has it. */
  file?: [path: string, packageName: string];
}
const SMALL: Case[] = [
  {
    name: "bookworm-updates",
    components: ["main", "contrib", "non-free-firmware"],
    architectures: ["amd64", "arm64"],
    udebs: true,
    file: ["/etc/cron.daily/samba", "samba"],
  },
  {
    name: "bookworm-backports",
    components: ["main", "contrib", "non-free-firmware"],
    architectures: ["amd64"],
    udebs: true,
  },
  // Without main, bookworm is small.
  {
    name: "bookworm",
    components: ["contrib", "non-free-firmware"],
    architectures: ["amd64", "arm64"],
    dep11: true,
  },
  // Its descriptions are compressed with bzip2 alone.
  { name: "bullseye", components: ["contrib"], architectures: ["amd64"], translations: ["en"] },
];
const LARGE: Case[] = [
  {
    name: "bookworm",
    components: ["main", "contrib", "non-free-firmware"],
    architectures: ["amd64", "arm64"],
    udebs: true,
    translations: ["de", "en"],
    dep11: true,
    file: ["/bin/bash", "bash"],
  },
];
const CASES = process.env["LK_FULL"] === "1" ? [...SMALL, ...LARGE] : SMALL;

const mirror = aptMirror();
const reason = whyNoDebian(mirror);
const slow = reason === undefined ? test.serial : test.serial.skip;
const folder = mkdtempSync(join(tmpdir(), "lk-content-"));
let db: Database;

test.before(async (t) => {
  if (reason !== undefined) {
    t.log(`skipped: ${reason}`);
    return;
  }
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  await db?.close();
  await rm(folder, { recursive: true });
});

for (const [number, suite] of CASES.entries()) {
  const what = `${suite.name} (${suite.components.join(", ")})`;

  slow(`${what}: each index has as many rows as grep counts in it`, async (t) => {
    t.timeout(900_000);
    await describe(suite);
    const started = performance.now();
    const result = await importOne(suite.name, { retries: 2 });
    t.log(
      `${number}: ${Math.round(performance.now() - started)} ms`,
      JSON.stringify(result.content),
    );
    const indices = await storedIndices(suite.name);
    t.true(indices.length > 0);
    for (const index of indices) {
      const expected = await countByHand(suite.name, index);
      t.deepEqual([index.path, index.rows, index.listed], [index.path, expected, expected]);
    }
    t.deepEqual([...new Set(indices.map((index) => index.kind))].toSorted(), wantedKinds(suite));
  });

  slow(`${what}: a second import reads nothing`, async (t) => {
    const before = await rowPlaces();
    t.like(await importOne(suite.name, { retries: 2 }), { indices: 0, changes: [] });
    t.deepEqual(await rowPlaces(), before);
  });

  slow(`${what}: reading it all again writes no row`, async (t) => {
    t.timeout(900_000);
    const before = await rowPlaces();
    await importOne(suite.name, { retries: 2, force: true });
    t.deepEqual(await rowPlaces(), before);
  });

  if (suite.file !== undefined) {
    const [path, name] = suite.file;
    slow(`${what}: Contents tell which package has a file and which files it has`, async (t) => {
      t.timeout(900_000);
      const options = {
        signal: new AbortController().signal,
        log: silentLog(),
        progress: () => undefined,
        downloads: join(folder, "downloads"),
        limit: 10_000,
      };
      const stored = await findSuite(suite.name);
      const owner = await findFiles(stored, { paths: [path] }, options);
      t.deepEqual(owner.entries, [{ path: path.slice(1), packages: [name] }]);
      const { entries } = await findFiles(stored, { package: name }, options);
      const memory = Math.round(process.memoryUsage().rss / 1e6);
      t.log(`${entries.length} files, ${memory} MB resident`);
      t.deepEqual(
        entries.map((one) => one.path),
        await filesByHand(suite, name),
      );
    });
  }

  slow(`${what}: each relationship and Package-List parses and prints as it was`, async (t) => {
    t.timeout(900_000);
    let fields = 0;
    for await (const text of relationships()) {
      fields++;
      const printed = printRelationship(parseRelationship(text));
      if (printed !== normal(text)) t.is(printed, normal(text));
    }
    let expected = 0;
    for (const { list } of await db.query<{ list: string }>(
      "select package_list as list from source_package where package_list is not null",
    )) {
      const lines = list.split("\n").filter((line) => line.trim() !== "");
      expected += lines.length;
      if (parsePackageList(list).length !== lines.length) t.fail(list);
    }
    t.log(`${fields} relationships, ${expected} expected binaries`);
    t.true(fields > 0);
  });
}

slow("packages have their long descriptions from the translation", async (t) => {
  const [row] = await db.query<{ wanted: number; has: number }>(
    `select count(*)::integer as wanted, count(d.md5)::integer as has
       from binary_package p
       join archive_index i on i.id = p.index_id and i.kind = 'deb'
       left join content_index c on c.suite_id = i.suite_id and c.kind = 'translation'
            and c.component = i.component and c.variant = 'en'
       left join package_description d on d.index_id = c.id and d.md5 = p.description_md5
      where p.description is null`,
  );
  t.true((row?.wanted ?? 0) > 0);
  // Debian's own translations lack a few that were uploaded since they were made.
  t.true((row?.has ?? 0) >= (row?.wanted ?? 0) * 0.99, JSON.stringify(row));
});

interface Index {
  kind: string;
  path: string;
  rows: number;
  listed: number;
}

async function describe({ name, file: _file, ...suite }: Case): Promise<void> {
  const document = {
    repository: [
      {
        name: "debian",
        url: mirror ?? "",
        keyring: DEBIAN_KEYRING,
        suite: [{ name, ...suite }],
      },
    ],
  };
  await applyDistro([repositorySection], document, { folder, dryRun: false, prune: false });
}

function wantedKinds(suite: Case): string[] {
  return [
    "source",
    "deb",
    ...(suite.udebs === true ? ["udeb"] : []),
    "translation",
    ...(suite.dep11 === true ? ["components", "icons"] : []),
  ].toSorted();
}

function storedIndices(suite: string): Promise<Index[]> {
  return db.query(
    `select i.kind, i.path, i.stanza_count as listed,
            ((select count(*) from source_package p where p.index_id = i.id)
             + (select count(*) from binary_package p where p.index_id = i.id))::integer as rows
       from archive_index i join suite s on s.id = i.suite_id where s.name = $1
     union all
     select c.kind, c.path, c.entry_count,
            ((select count(*) from package_description d where d.index_id = c.id)
             + (select count(*) from software_component d where d.index_id = c.id)
             + (select count(*) from software_icon d where d.index_id = c.id))::integer
       from content_index c join suite s on s.id = c.suite_id where s.name = $1`,
    [suite],
  );
}

/** What the programs of the system count in a file as downloaded. */
async function countByHand(suite: string, { kind, path }: Index): Promise<number> {
  const file = await download(suite, path);
  if (kind === "icons") {
    const { stdout } = spawnSync("tar", ["--list", "--file", file], { encoding: "utf8" });
    const names = stdout.split("\n").filter((line) => line !== "" && !line.endsWith("/"));
    return new Set(names).size;
  }
  if (kind === "translation") {
    const { stdout } = spawnSync("grep", ["^Description-md5:", file], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    return new Set(stdout.split("\n").filter((line) => line !== "")).size;
  }
  const pattern = kind === "components" ? "^ID:" : "^Package:";
  return Number(spawnSync("grep", ["-c", pattern, file], { encoding: "utf8" }).stdout);
}

/** The paths of a package, as grep finds them in the Contents. */
async function filesByHand(suite: Case, name: string): Promise<string[]> {
  const paths = new Set<string>();
  for (const component of suite.components) {
    for (const architecture of suite.architectures) {
      const file = await download(suite.name, `${component}/Contents-${architecture}`);
      const found = spawnSync("grep", ["-E", `[/,[:space:]]${name}(,|$)`, file], {
        encoding: "utf8",
      });
      for (const line of found.stdout.split("\n")) paths.add(line.replace(/\s+\S+$/, ""));
    }
  }
  paths.delete("");
  return [...paths].toSorted();
}

const PROGRAMS = { xz: "xz", bz2: "bzip2", gz: "gzip" };

async function download(suite: string, path: string): Promise<string> {
  const plain = join(folder, suite, path);
  for (const [ending, program] of Object.entries(PROGRAMS)) {
    const response = await fetch(`${mirror}/dists/${suite}/${path}.${ending}`);
    if (!response.ok) continue;
    await mkdir(dirname(plain), { recursive: true });
    await writeFile(`${plain}.${ending}`, Buffer.from(await response.arrayBuffer()));
    const output = openSync(plain, "w");
    const { status } = spawnSync(program, ["-dc", `${plain}.${ending}`], {
      stdio: ["ignore", output, "inherit"],
    });
    closeSync(output);
    if (status === 0) return plain;
  }
  throw new Error(`the mirror has no ${path} of ${suite}`);
}

const RELATIONS = {
  source_package: [
    "build_depends",
    "build_depends_indep",
    "build_depends_arch",
    "build_conflicts",
    "build_conflicts_indep",
    "build_conflicts_arch",
  ],
  binary_package: [
    "depends",
    "pre_depends",
    "recommends",
    "suggests",
    "enhances",
    "breaks",
    "conflicts",
    "replaces",
    "provides",
    "built_using",
    "static_built_using",
  ],
};

async function* relationships(): AsyncGenerator<string> {
  for (const [table, columns] of Object.entries(RELATIONS)) {
    for (const column of columns) {
      const rows = await db.query<{ text: string }>(
        `select ${column} as text from ${table} where ${column} is not null`,
      );
      for (const { text } of rows) yield text;
    }
  }
}

/** As the field is written, but for its layout and a comma that is left over. */
function normal(text: string): string {
  return text
    .split(",")
    .map((part) => part.trim().replace(/\s+/g, " "))
    .filter((part) => part !== "")
    .join(", ");
}

/** For each table a fingerprint of where every row lies and who wrote it. */
async function rowPlaces(): Promise<unknown> {
  const tables = [
    "source_package",
    "binary_package",
    "package_description",
    "software_component",
    "software_icon",
  ];
  const places = tables.map(
    (table) =>
      `(select md5(string_agg(ctid || ' ' || xmin, ',' order by ctid)) from ${table}) ${table}`,
  );
  return db.query(`select ${places.join(", ")}`);
}
