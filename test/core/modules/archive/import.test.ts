import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { createDemoArchive, publishDemoChange } from "../../../../core/demo/demo.ts";
import { repositorySection } from "../../../../core/modules/archive/repository-plan.ts";
import { applyDistro } from "../../../../core/modules/distro/apply.ts";
import {
  ALL,
  AMD64,
  binary,
  configure,
  eventsOf,
  importOne,
  index,
  runImport,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../../../support/archive.ts";
import { testDatabase } from "../../../support/database.ts";

let db: Database;
const archives: TinyArchive[] = [];

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  for (const archive of archives) await archive.remove();
  await db.close();
});

async function make(
  content: Parameters<typeof tinyArchive>[0],
  suite: Record<string, unknown> = {},
): Promise<TinyArchive> {
  const archive = await tinyArchive(content);
  archives.push(archive);
  await configure(archive, suite);
  return archive;
}

/** Everything that is stored of a suite's packages, with where each row lies on disk. */
async function rowsOf(suite: string): Promise<Record<string, string>[]> {
  return db.query(
    `select * from (
       select 'source' as type, p.name, p.version, i.architecture as index, p.ctid::text as place,
              p.xmin::text as written, p.id, p.added_at
         from source_package p join archive_index i on i.id = p.index_id
         join suite s on s.id = i.suite_id where s.name = $1
       union all
       select i.kind, p.name, p.version, i.architecture, p.ctid::text, p.xmin::text, p.id, p.added_at
         from binary_package p join archive_index i on i.id = p.index_id
         join suite s on s.id = i.suite_id where s.name = $1
     ) rows order by type, name, version, index`,
    [suite],
  );
}

async function namesOf(suite: string): Promise<string[]> {
  const rows = await rowsOf(suite);
  return rows.map((row) => `${row["type"]} ${row["name"]} ${row["version"]} in ${row["index"]}`);
}

async function journalOf(suite: string): Promise<string[]> {
  const rows = await db.query<Record<string, string | null>>(
    `select type, c.name, architecture, change, version_old, version_new
       from archive_change c join suite s on s.id = c.suite_id
      where s.name = $1 order by c.id`,
    [suite],
  );
  return rows.map((row) =>
    ["type", "name", "architecture", "change", "version_old", "version_new"]
      .map((key) => row[key] ?? "-")
      .join(" "),
  );
}

const MINI = {
  [SOURCES]: index(source("mini", "1.0"), source("other", "2.0-1")),
  [AMD64]: index(binary("mini", "1.0"), binary("other", "2.0-1")),
};

test("a first import stores each stanza and announces one summary", async (t) => {
  const { content } = await make({ indices: MINI });
  const result = await importOne(content.name);
  t.like(result, { first: true, indices: 2, sources: 2, binaries: 2, udebs: 0 });
  t.deepEqual(await namesOf(content.name), [
    "deb mini 1.0 in amd64",
    "deb other 2.0-1 in amd64",
    "source mini 1.0 in source",
    "source other 2.0-1 in source",
  ]);
  const events = await eventsOf(content.name);
  t.deepEqual(
    events.map((event) => event.tag),
    ["_lk.archive.suite-imported"],
  );
  t.like(events[0]?.data, { repo: content.name, sources: 2, binaries: 2 });
  t.deepEqual(await journalOf(content.name), []);
});

test("a second import of the same archive touches no row and says nothing", async (t) => {
  const { content } = await make({ indices: MINI });
  await importOne(content.name);
  const before = await rowsOf(content.name);
  const result = await importOne(content.name);
  t.like(result, { first: false, indices: 0, bytes: 0, changes: [] });
  t.deepEqual(await rowsOf(content.name), before);
  t.is((await eventsOf(content.name)).length, 1);
});

test("reading unchanged indices again by force touches no row either", async (t) => {
  const { content } = await make({ indices: MINI });
  await importOne(content.name);
  const before = await rowsOf(content.name);
  const result = await importOne(content.name, { force: true });
  t.like(result, { indices: 2, changes: [] });
  t.deepEqual(await rowsOf(content.name), before);
  t.is((await eventsOf(content.name)).length, 1);
});

test("one changed stanza changes one row, one journal line, and yields one event", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  await importOne(name);
  const before = await rowsOf(name);
  await archive.publish({
    indices: {
      ...MINI,
      [AMD64]: index(binary("mini", "1.0", { Depends: "other" }), binary("other", "2.0-1")),
    },
  });
  const result = await importOne(name);
  t.deepEqual(result.changes, [{ change: "changed", count: 1 }]);
  t.is(result.indices, 1);
  const after = await rowsOf(name);
  const moved = after.filter((row, place) => row["place"] !== before[place]?.["place"]);
  t.deepEqual(
    moved.map((row) => `${row["type"]} ${row["name"]}`),
    ["deb mini"],
  );
  // It is the same package as before: known by its id, here since then.
  t.deepEqual(
    after.map((row) => [row["id"], row["added_at"]]),
    before.map((row) => [row["id"], row["added_at"]]),
  );
  t.deepEqual(await journalOf(name), ["deb mini amd64 changed 1.0 1.0"]);
  const events = (await eventsOf(name)).slice(1);
  t.is(events.length, 1);
  t.is(events[0]?.tag, "_lk.archive.package-changed");
  t.like(events[0]?.data, {
    pkg_name: "mini",
    change: "changed",
    version_old: "1.0",
    version_new: "1.0",
    source_changed: false,
    binaries_count: 1,
  });
});

test("a new version of source and binaries is one event", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  await importOne(name);
  await archive.publish({
    indices: {
      [SOURCES]: index(source("mini", "1.1"), source("other", "2.0-1")),
      [AMD64]: index(binary("mini", "1.1"), binary("other", "2.0-1")),
    },
  });
  await importOne(name);
  t.deepEqual(await journalOf(name), [
    "source mini source updated 1.0 1.1",
    "deb mini amd64 updated 1.0 1.1",
  ]);
  const [, event, ...more] = await eventsOf(name);
  t.deepEqual(more, []);
  t.deepEqual(event?.data, {
    repo: name,
    suite: name,
    pkg_name: "mini",
    change: "updated",
    version_old: "1.0",
    version_new: "1.1",
    component: "main",
    source_changed: true,
    binaries: [
      {
        name: "mini",
        type: "deb",
        change: "updated",
        version_old: "1.0",
        version_new: "1.1",
        architectures: ["amd64"],
      },
    ],
    binaries_count: 1,
  });
});

test("what left the suite is removed with its files, what came is added", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  await importOne(name);
  await archive.publish({
    indices: {
      [SOURCES]: index(source("new", "1"), source("other", "2.0-1")),
      [AMD64]: index(binary("new", "1"), binary("other", "2.0-1")),
    },
  });
  const result = await importOne(name);
  t.deepEqual(result.changes, [
    { change: "added", count: 1 },
    { change: "removed", count: 1 },
  ]);
  t.deepEqual(await namesOf(name), [
    "deb new 1 in amd64",
    "deb other 2.0-1 in amd64",
    "source new 1 in source",
    "source other 2.0-1 in source",
  ]);
  t.deepEqual(await journalOf(name), [
    "source mini source removed 1.0 -",
    "source new source added - 1",
    "deb mini amd64 removed 1.0 -",
    "deb new amd64 added - 1",
  ]);
  const orphans = await db.query(
    "select 1 from source_file f where not exists (select 1 from source_package p where p.id = f.source_id)",
  );
  t.deepEqual(orphans, []);
});

test("a version that comes, goes or stays beside another is told rightly", async (t) => {
  async function publish(archive: TinyArchive, ...versions: string[]): Promise<string[]> {
    const { name } = archive.content;
    const before = (await journalOf(name)).length;
    const stanzas = versions.map((version) => source("mini", version));
    await archive.publish({ indices: { [SOURCES]: index(...stanzas, source("x1", "1")) } });
    await importOne(name);
    return (await journalOf(name)).slice(before);
  }
  const indices = { [SOURCES]: index(source("mini", "2.0"), source("x1", "1")) };
  const archive = await make({ indices, architectures: ["amd64"] }, { architectures: [] });
  await importOne(archive.content.name);
  const cases: [string[], string][] = [
    [["2.0", "10.0"], "updated 2.0 10.0"],
    [["10.0"], "removed 2.0 10.0"],
    [["9.0"], "updated 10.0 9.0"],
    [["9.0", "1:0.1"], "updated 9.0 1:0.1"],
    [["9.0", "1:0.1", "8.0"], "added - 8.0"],
    [["8.0"], "updated 1:0.1 8.0"],
    [[], "removed 8.0 -"],
    [["8.0~rc1"], "added - 8.0~rc1"],
  ];
  for (const [versions, expected] of cases) {
    t.deepEqual(await publish(archive, ...versions), [`source mini source ${expected}`]);
  }
});

test("a package for all in two indices is two rows and one change", async (t) => {
  const armhf = AMD64.replace("amd64", "armhf");
  const all = { Architecture: "all", Source: "mini (1.0)" };
  const archive = await make({
    architectures: ["amd64", "armhf"],
    indices: {
      [SOURCES]: index(source("mini", "1.0")),
      [AMD64]: index(binary("mini-data", "1.0", all)),
      [armhf]: index(binary("mini-data", "1.0", all)),
    },
  });
  const { name } = archive.content;
  await importOne(name);
  t.is((await namesOf(name)).length, 3);
  await archive.publish({
    indices: {
      ...archive.content.indices,
      [AMD64]: index(binary("mini-data", "1.1", all)),
      [armhf]: index(binary("mini-data", "1.1", all)),
    },
  });
  await importOne(name);
  t.deepEqual(await journalOf(name), ["deb mini-data all updated 1.0 1.1"]);
  t.like((await eventsOf(name))[1]?.data, { pkg_name: "mini", source_changed: false });
  t.is((await eventsOf(name)).length, 2);
});

test("packages for all are read from their own index where the Release splits them off", async (t) => {
  const indices = {
    [SOURCES]: index(source("mini", "1.0")),
    [AMD64]: index(binary("mini", "1.0")),
    [ALL]: index(binary("mini-data", "1.0", { Architecture: "all" })),
  };
  const split = await make({ indices, architectures: ["amd64", "all"] });
  await importOne(split.content.name);
  t.true((await namesOf(split.content.name)).includes("deb mini-data 1.0 in all"));
  const whole = await make({
    indices,
    architectures: ["amd64", "all"],
    fields: { "No-Support-for-Architecture-all": "Packages" },
  });
  await importOne(whole.content.name);
  t.deepEqual(await namesOf(whole.content.name), [
    "deb mini 1.0 in amd64",
    "source mini 1.0 in source",
  ]);
});

test("packages of the installer are imported where they are asked for", async (t) => {
  const installer = "main/debian-installer/binary-amd64/Packages";
  const indices = { ...MINI, [installer]: index(binary("mini-udeb", "1.0")) };
  const archive = await make({ indices }, { udebs: true });
  const result = await importOne(archive.content.name);
  t.like(result, { sources: 2, binaries: 2, udebs: 1 });
  t.true((await namesOf(archive.content.name)).includes("udeb mini-udeb 1.0 in amd64"));
});

test("an architecture that is not wanted any more leaves, without a change of what stays", async (t) => {
  const armhf = AMD64.replace("amd64", "armhf");
  const archive = await make({
    architectures: ["amd64", "armhf"],
    indices: {
      [SOURCES]: index(source("mini", "1.0")),
      [AMD64]: index(binary("mini", "1.0"), binary("data", "1", { Architecture: "all" })),
      [armhf]: index(
        binary("mini", "1.0", { Architecture: "armhf" }),
        binary("data", "1", { Architecture: "all" }),
      ),
    },
  });
  const { name } = archive.content;
  await importOne(name);
  await configure(archive, { architectures: ["amd64"] });
  await importOne(name);
  t.deepEqual(await namesOf(name), [
    "deb data 1 in amd64",
    "deb mini 1.0 in amd64",
    "source mini 1.0 in source",
  ]);
  t.deepEqual(await journalOf(name), ["deb mini armhf removed 1.0 -"]);
});

test("more changes than a suite has packages fold into one summary", async (t) => {
  const names = Array.from({ length: 25 }, (_, number) => `pkg${number + 10}`);
  const archive = await make({
    indices: {
      [SOURCES]: index(...names.map((one) => source(one, "1"))),
      [AMD64]: index(...names.map((one) => binary(one, "1"))),
    },
  });
  const { name } = archive.content;
  await importOne(name);
  await archive.publish({
    indices: {
      [SOURCES]: index(...names.slice(1).map((one) => source(one, "2"))),
      [AMD64]: index(...names.slice(1).map((one) => binary(one, "2"))),
    },
  });
  await importOne(name, { mostSingle: 20 });
  const [, event, ...more] = await eventsOf(name);
  t.deepEqual(more, []);
  t.is(event?.tag, "_lk.archive.suite-changed");
  t.like(event?.data, {
    packages_count: 25,
    sources: { added: 0, updated: 24, changed: 0, removed: 1 },
    binaries: { added: 0, updated: 24, changed: 0, removed: 1 },
  });
  const first = event?.data["packages"] as string[] | undefined;
  t.deepEqual(first?.slice(0, 2), ["pkg10", "pkg11"]);
});

test("each package of a large change is told by itself, so that who follows it hears", async (t) => {
  const names = Array.from({ length: 60 }, (_, number) => `pkg${number + 10}`);
  const archive = await make({
    indices: {
      [SOURCES]: index(...names.map((one) => source(one, "1"))),
      [AMD64]: index(binary("mini", "1")),
    },
  });
  const { name } = archive.content;
  await importOne(name);
  await archive.publish({
    indices: {
      [SOURCES]: index(...names.map((one) => source(one, "2"))),
      [AMD64]: index(binary("mini", "1")),
    },
  });
  await importOne(name);
  const [, ...events] = await eventsOf(name);
  t.deepEqual(
    events.map(({ tag, data }) => `${tag} ${String(data["pkg_name"])}`),
    names.map((one) => `_lk.archive.package-changed ${one}`),
  );
});

test("a dry run says what would change and leaves nothing behind", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  const first = await importOne(name, { dryRun: true });
  t.like(first, { first: true, sources: 2, binaries: 2 });
  t.deepEqual(await namesOf(name), []);
  await importOne(name);
  const before = await rowsOf(name);
  await archive.publish({ indices: { ...MINI, [SOURCES]: index(source("mini", "1.1")) } });
  const second = await importOne(name, { dryRun: true });
  t.deepEqual(second.changes, [
    { change: "removed", count: 1 },
    { change: "updated", count: 1 },
  ]);
  t.deepEqual(await rowsOf(name), before);
  t.is((await eventsOf(name)).length, 1);
  t.deepEqual(await journalOf(name), []);
});

test("all fields of a stanza are kept, unknown ones as they are written", async (t) => {
  const { content } = await make({
    indices: {
      [SOURCES]: index(
        source("mini", "1:1.0-1", {
          Binary: "mini, mini-data,\n mini-doc",
          Uploaders: 'Jörg "the, great" <j@example.org>, B <b@example.org>',
          Architecture: "any all",
          "Build-Depends": "debhelper-compat (= 13),\n other",
          "Package-List":
            "\n mini deb misc optional arch=any\n mini-data deb misc optional arch=all",
          Testsuite: "autopkgtest, autopkgtest-pkg-go",
          "Go-Import-Path": "example.org/mini",
          Dgit: "0123 debian",
        }),
      ),
      [AMD64]: index(
        binary("mini", "1:1.0-1+b1", {
          Source: "mini (1:1.0-1)",
          Essential: "yes",
          "Installed-Size": "42",
          Description: "short\n long\n .\n text",
          Tag: "role::program,\n scope::utility",
          "Build-Ids": "aa11 bb22",
          "Phased-Update-Percentage": "30",
        }),
      ),
    },
  });
  await importOne(content.name);
  const [own] = await db.query<Record<string, unknown>>(
    "select p.* from source_package p where version = '1:1.0-1'",
  );
  t.like(own, {
    name: "mini",
    binaries: ["mini", "mini-data", "mini-doc"],
    uploaders: ['Jörg "the, great" <j@example.org>', "B <b@example.org>"],
    architectures: ["any", "all"],
    build_depends: "debhelper-compat (= 13),\n other",
    package_list: "\n mini deb misc optional arch=any\n mini-data deb misc optional arch=all",
    testsuite: ["autopkgtest", "autopkgtest-pkg-go"],
    extra_source_only: false,
    extra: "Go-Import-Path: example.org/mini\nDgit: 0123 debian",
  });
  const [built] = await db.query<Record<string, unknown>>(
    "select p.* from binary_package p where version = '1:1.0-1+b1'",
  );
  t.like(built, {
    name: "mini",
    source_name: "mini",
    source_version: "1:1.0-1",
    essential: true,
    size_installed: "42",
    summary: "short",
    description: " long\n .\n text",
    build_ids: ["aa11", "bb22"],
    phased_update_percentage: 30,
    extra: "Tag: role::program,\n scope::utility",
  });
  t.deepEqual(
    await db.query(
      "select name, size, md5sum, sha1, sha256 from source_file where source_id = $1",
      [own?.["id"]],
    ),
    [
      {
        name: "mini_1.0-1.dsc",
        size: "500",
        md5sum: "b".repeat(32),
        sha1: null,
        sha256: "c".repeat(64),
      },
    ],
  );
});

test("sizes beyond 4 GiB are kept exactly", async (t) => {
  const file = `${"b".repeat(32)} 5368709120 big_1.orig.tar.xz`;
  const { content } = await make({
    indices: {
      [SOURCES]: index(source("big", "1", { Files: `\n ${file}`, "Checksums-Sha256": "" })),
      [AMD64]: index(binary("big", "1", { Size: "5368709120" })),
    },
  });
  await importOne(content.name);
  t.deepEqual(await db.query("select size from binary_package where name = 'big'"), [
    { size: "5368709120" },
  ]);
  t.deepEqual(await db.query("select size from source_file where name like 'big%'"), [
    { size: "5368709120" },
  ]);
});

test("bytes that are no UTF-8 do not keep a package out", async (t) => {
  const text = index(binary("old", "1", { Maintainer: "J\u00f6rg <j@example.org>" }));
  const archive = await make(
    { indices: { [AMD64]: index(binary("mini", "1")) } },
    { sources: false },
  );
  const latin1 = Buffer.from(text, "latin1");
  await archive.publish({ indices: { [AMD64]: latin1 } });
  await importOne(archive.content.name);
  t.deepEqual(await db.query("select maintainer from binary_package where name = 'old'"), [
    { maintainer: "J\ufffdrg <j@example.org>" },
  ]);
});

test("versions sort in the database as dpkg sorts them", async (t) => {
  const versions = ["1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.9", "1.10", "1:0.5"];
  const stanzas = versions.toReversed().map((version) => binary("sorted", version));
  const { content } = await make({ indices: { [AMD64]: index(...stanzas) } }, { sources: false });
  await importOne(content.name);
  const rows = await db.query<{ version: string }>(
    "select version from binary_package where name = 'sorted' order by version_key",
  );
  t.deepEqual(
    rows.map((row) => row.version),
    versions,
  );
});

test("the demo archive is imported by the name of its repository, and its change arrives", async (t) => {
  const { folder } = await make({ indices: MINI });
  const directory = `${folder}/demo`;
  const { distro } = await createDemoArchive(directory);
  const options = { folder: directory, dryRun: false, prune: false };
  await applyDistro([repositorySection], { ...distro }, options);
  const first = await importOne("demo");
  t.like(first, { repository: "demo", suite: "demo", sources: 4, binaries: 4 });
  await publishDemoChange(directory);
  await importOne("demo");
  const events = await eventsOf("demo");
  t.is(events.length, 2);
  t.like(events[1]?.data, { pkg_name: "mini", version_old: "1.0", version_new: "1.1" });
});

test("two imports of one suite at once take turns", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  await importOne(name);
  await archive.publish({ indices: { ...MINI, [SOURCES]: index(source("mini", "1.1")) } });
  const outcomes = (await Promise.all([runImport([name]), runImport([name])])).flat();
  t.true(outcomes.every((outcome) => "result" in outcome));
  t.is((await journalOf(name)).length, 2);
  t.is((await eventsOf(name)).length, 3);
});

test("an import that is cancelled leaves the suite as it was", async (t) => {
  const archive = await make({ indices: MINI });
  const { name } = archive.content;
  const abort = new AbortController();
  const reason = new Error("cancelled by a test");
  await t.throwsAsync(
    importOne(name, {
      signal: abort.signal,
      progress: ({ step }) => {
        if (step.includes("reading")) abort.abort(reason);
      },
    }),
    { is: reason },
  );
  t.deepEqual(await namesOf(name), []);
  t.like(await importOne(name), { first: true, sources: 2 });
});
