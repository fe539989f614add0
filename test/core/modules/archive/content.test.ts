import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { indexPath } from "../../../../core/debian/index-path.ts";
import { binaryPage } from "../../../../core/modules/archive/package-page.ts";
import { providersOf } from "../../../../core/modules/archive/providers.ts";
import { repositorySection } from "../../../../core/modules/archive/repository-plan.ts";
import { applyDistro } from "../../../../core/modules/distro/apply.ts";
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
import { tarOf } from "../../../support/tar.ts";

const EN = "main/i18n/Translation-en";
const DE = "main/i18n/Translation-de";
const COMPONENTS = "main/dep11/Components-amd64.yml";
const CIDS = "main/dep11/CID-Index-amd64.json";
const ICONS = "main/dep11/icons-64x64.tar";
const REAL = readFileSync("test/fixtures/archive/bookworm-Components.yml", "utf8");
let db: Database;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(() => db?.close());

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

function translation(language: string, texts: Record<string, string>): string {
  return Object.entries(texts)
    .map(
      ([name, text]) =>
        `Package: ${name}\nDescription-md5: ${md5(name)}\nDescription-${language}: ${text}\n`,
    )
    .join("\n");
}

function packages(...names: string[]): string {
  return index(...names.map((name) => binary(name, "1.0", { "Description-md5": md5(name) })));
}

async function archiveWith(
  indices: Record<string, string | Buffer>,
  wanted: Record<string, unknown> = {},
): Promise<TinyArchive> {
  const archive = await tinyArchive({
    indices: { [SOURCES]: source("foo", "1.0"), [AMD64]: packages("foo", "bar"), ...indices },
  });
  await configure(archive, wanted);
  return archive;
}

/** Rows of a content table in a suite with where each lies and who wrote it. */
function rows<Row>(table: string, suite: string): Promise<(Row & { place: string })[]> {
  return db.query(
    `select d.*, d.ctid || ' ' || d.xmin as place from ${table} d
       join content_index c on c.id = d.index_id join suite s on s.id = c.suite_id
      where s.name = $1 order by d.ctid`,
    [suite],
  );
}

test("long descriptions come from the translations, in the languages that are wanted", async (t) => {
  const archive = await archiveWith(
    {
      [EN]: translation("en", { foo: "the foo\n It is long.", bar: "the bar" }),
      [DE]: translation("de", { foo: "das Foo\n Es ist lang." }),
      "main/i18n/Translation-fr": translation("fr", { foo: "le foo" }),
    },
    { translations: ["de", "en"] },
  );
  const suite = archive.content.name;
  const result = await importOne(suite);
  t.deepEqual(result.content, { "translation de": 1, "translation en": 2 });
  const [foo] = (await binaryPage({ suite, name: "foo" }))?.entries ?? [];
  t.is(foo?.description, " It is long.");
  t.deepEqual(foo?.translations["de"], { summary: "das Foo", description: " Es ist lang." });
  const [bar] = (await binaryPage({ suite, name: "bar" }))?.entries ?? [];
  t.is(bar?.description, null);
  t.deepEqual(Object.keys(bar?.translations ?? {}), ["en"]);
  await archive.remove();
});

test("English is taken where the archive has it, and nothing when nothing is wanted", async (t) => {
  const archive = await archiveWith({ [EN]: translation("en", { foo: "the foo" }) });
  const suite = archive.content.name;
  t.deepEqual((await importOne(suite)).content, { "translation en": 1 });
  await configure(archive, { translations: [] });
  t.deepEqual((await importOne(suite)).content, {});
  t.deepEqual(await rows("package_description", suite), []);
  await archive.remove();

  const bare = await archiveWith({});
  t.deepEqual((await importOne(bare.content.name)).content, {});
  await bare.remove();
});

test("a language that the archive has not is an error that names those it has", async (t) => {
  const archive = await archiveWith(
    { [EN]: translation("en", { foo: "the foo" }) },
    { translations: ["en", "fr"] },
  );
  const expected = { code: "SUITE_LACKS_CONTENT", message: /Translation-fr.*languages en\./ };
  await t.throwsAsync(importOne(archive.content.name), expected as never);
  await archive.remove();
});

test("a text is kept once, and only what changed is written again", async (t) => {
  const texts = { foo: "the foo", bar: "the bar", baz: "the baz" };
  const twice = `${translation("en", texts)}\n${translation("en", { foo: "the foo" })}`;
  const archive = await archiveWith({ [EN]: twice });
  const suite = archive.content.name;
  t.deepEqual((await importOne(suite)).content, { "translation en": 3 });
  const before = await rows<{ md5: string }>("package_description", suite);
  t.is(before.length, 3);

  await archive.publish();
  await importOne(suite, { force: true });
  t.deepEqual(await rows("package_description", suite), before);

  const { baz: _gone, ...rest } = texts;
  const after = translation("en", { new: "the new", ...rest, bar: "the better bar" });
  await archive.publish({ indices: { ...archive.content.indices, [EN]: after } });
  t.deepEqual((await importOne(suite)).content, { "translation en": 3 });
  const now = await rows<{ md5: string; summary: string }>("package_description", suite);
  t.deepEqual(now.map((row) => row.summary).toSorted(), ["the better bar", "the foo", "the new"]);
  const place = (all: { md5: string; place: string }[]): string | undefined =>
    all.find((row) => row.md5 === md5("foo"))?.place;
  t.is(place(now), place(before));
  await archive.remove();
});

test("software is stored with its texts, its icons and its ids", async (t) => {
  const archive = await archiveWith(
    {
      [COMPONENTS]: REAL,
      [CIDS]: JSON.stringify({ "scite.desktop": "scite/desktop/1", "org.gemrb.gemrb": ["a", "b"] }),
      [ICONS]: tarOf(["./gemrb_gemrb.png", "gemrb"], ["scite_Sci48M.png", "scite"]),
    },
    { dep11: true },
  );
  const suite = archive.content.name;
  t.deepEqual((await importOne(suite)).content, { components: 3, cids: 3, icons: 2 });
  const stored = await rows<Record<string, unknown>>("software_component", suite);
  t.deepEqual(
    stored.map((row) => [row["component_id"], row["package_name"]]),
    [
      ["org.gemrb.gemrb", "gemrb"],
      ["scite.desktop", "scite"],
      ["com.github.Matoking.protontricks", "protontricks"],
    ],
  );
  t.deepEqual(stored[1]?.["name"], { C: "SciTE Text Editor" });
  t.regex(String(stored[1]?.["document"]), /^Type: desktop-application\nID: scite\.desktop\n/);
  const icons = await rows<{ name: string; content: Buffer }>("software_icon", suite);
  t.deepEqual(
    icons.map((icon) => [icon.name, icon.content.toString()]),
    [
      ["gemrb_gemrb.png", "gemrb"],
      ["scite_Sci48M.png", "scite"],
    ],
  );
  await archive.remove();
});

test("a new time in the header touches no component, new media all of them", async (t) => {
  const archive = await archiveWith({ [COMPONENTS]: REAL }, { dep11: true });
  const suite = archive.content.name;
  await importOne(suite);
  const before = await rows("software_component", suite);
  async function publish(text: string): Promise<void> {
    await archive.publish({ indices: { ...archive.content.indices, [COMPONENTS]: text } });
    await importOne(suite);
  }
  await publish(REAL.replace("20230601T203237", "20240601T203237"));
  t.deepEqual(await rows("software_component", suite), before);
  await publish(REAL.replace("SciTE Text Editor", "SciTE"));
  const changed = await rows<{ name: object }>("software_component", suite);
  t.deepEqual(
    changed.slice(0, 2).map((row) => row.place),
    [before[0]?.place, before[2]?.place],
  );
  t.deepEqual(changed[2]?.name, { C: "SciTE" });
  await publish(REAL.replace("//appstream.debian.org/media", "//media.example.org"));
  const moved = await rows<{ screenshots: object }>("software_component", suite);
  t.is(moved.length, 3);
  t.regex(JSON.stringify(moved), /https:\/\/media\.example\.org\/bookworm\/org/);
  await configure(archive, { dep11: false });
  t.deepEqual((await importOne(suite)).content, {});
  await archive.remove();
});

test("other languages of a suite make its software be read again", async (t) => {
  const archive = await archiveWith(
    { [COMPONENTS]: REAL, [DE]: translation("de", { foo: "das Foo" }) },
    { dep11: true },
  );
  const suite = archive.content.name;
  await importOne(suite);
  await configure(archive, { dep11: true, translations: ["de"] });
  await importOne(suite);
  const [, scite] = await rows<{ name: object }>("software_component", suite);
  t.deepEqual(scite?.name, { C: "SciTE Text Editor", de: "SciTE-Textbearbeitung" });
  await archive.remove();
});

for (const [what, indices, code, message] of [
  [
    "a translation without an MD5",
    { [EN]: `${translation("en", { foo: "the foo" })}\nPackage: bar\nDescription-en: the bar\n` },
    "MALFORMED_STANZA",
    /Translation-en.*, line 5: the field Description-md5 is missing/,
  ],
  [
    "a component that is none",
    { [COMPONENTS]: `${REAL}---\nType: x\n` },
    "MALFORMED_DEP11",
    /Components-amd64\.yml.*, line \d+: /,
  ],
  ["a catalogue without a header", { [COMPONENTS]: "" }, "MALFORMED_DEP11", /is empty/],
  [
    "an icon that leads out of its folder",
    { [COMPONENTS]: REAL, [ICONS]: tarOf(["a.png", "a"], ["../../etc/evil.png", "x"]) },
    "BAD_ICON_ARCHIVE",
    /"\.\.\/\.\.\/etc\/evil\.png" leads out of the folder/,
  ],
  [
    "an icon that is a link",
    { [COMPONENTS]: REAL, [ICONS]: tarOf(["a.png", "/etc/passwd", "SymbolicLink"]) },
    "BAD_ICON_ARCHIVE",
    /"a\.png" is no file but of the kind SymbolicLink/,
  ],
  [
    "icons that are no archive",
    { [COMPONENTS]: REAL, [ICONS]: "x".repeat(2000) },
    "BAD_ICON_ARCHIVE",
    /is no usable archive/,
  ],
  [
    "ids that are no JSON",
    { [COMPONENTS]: REAL, [CIDS]: "{" },
    "MALFORMED_CID_INDEX",
    /is no JSON/,
  ],
] as const) {
  test(`${what} is refused, and nothing of the suite is stored`, async (t) => {
    const archive = await archiveWith(indices, { dep11: COMPONENTS in indices });
    const suite = archive.content.name;
    await t.throwsAsync(importOne(suite), { code, message } as never);
    const [count] = await db.query<{ count: string }>(
      `select (select count(*) from content_index c join suite s on s.id = c.suite_id
                where s.name = $1)
            + (select count(*) from archive_index i join suite s on s.id = i.suite_id
                where s.name = $1) as count`,
      [suite],
    );
    t.is(count?.count, "0");
    await archive.remove();
  });
}

test("a translation that unpacks to something else than listed is refused", async (t) => {
  const archive = await archiveWith({ [EN]: translation("en", { foo: "the foo" }) });
  const plain = createHash("sha256").update(String(archive.content.indices[EN])).digest("hex");
  await archive.resign((text) => text.replace(plain, "0".repeat(64)));
  await t.throwsAsync(importOne(archive.content.name), { code: "HASH_MISMATCH" } as never);
  t.deepEqual(await rows("package_description", archive.content.name), []);
  await archive.remove();
});

test("a suite that goes takes its descriptions and software with it", async (t) => {
  const archive = await archiveWith(
    {
      [EN]: translation("en", { foo: "the foo" }),
      [COMPONENTS]: REAL,
      [ICONS]: tarOf(["a.png", "a"]),
    },
    { dep11: true },
  );
  const suite = archive.content.name;
  await importOne(suite);
  const ids = await db.query<{ id: number }>(
    "select c.id from content_index c join suite s on s.id = c.suite_id where s.name = $1",
    [suite],
  );
  const { keyring } = archive.key;
  const repository = [{ name: suite, url: archive.url, keyring, suite: [] }];
  const context = { folder: archive.folder, dryRun: false, prune: false };
  await applyDistro([repositorySection], { repository }, context);
  for (const table of ["package_description", "software_component", "software_icon"]) {
    const left = await db.query(`select 1 from ${table} where index_id = any($1)`, [
      ids.map((row) => row.id),
    ]);
    t.deepEqual(left, [], table);
  }
  await archive.remove();
});

test("a suite of debug symbols has its build ids, and its sources their flags", async (t) => {
  const debug = binary("foo-dbgsym", "1.0", {
    Source: "foo",
    Section: "debug",
    "Auto-Built-Package": "debug-symbols",
    "Build-Ids": "0123abcd 4567ef",
    Depends: "foo (= 1.0)",
  });
  const archive = await archiveWith(
    { [AMD64]: debug, [SOURCES]: source("foo", "1.0", { "Extra-Source-Only": "yes" }) },
    {},
  );
  await importOne(archive.content.name);
  const [row] = await db.query<Record<string, unknown>>(
    `select p.build_ids, p.extra, q.extra_source_only from binary_package p
       join source_package q on q.name = p.source_name
       join archive_index i on i.id = p.index_id join archive_index j on j.id = q.index_id
       join suite s on s.id = i.suite_id and s.id = j.suite_id where s.name = $1`,
    [archive.content.name],
  );
  t.deepEqual(row, {
    build_ids: ["0123abcd", "4567ef"],
    extra: "Auto-Built-Package: debug-symbols",
    extra_source_only: true,
  });
  await archive.remove();
});

test("installer packages and packages for all are counted, split off or merged", async (t) => {
  const all = binary("data", "1.0", { Architecture: "all" });
  const udeb = binary("foo-udeb", "1.0", { Section: "debian-installer" });
  const UDEBS = indexPath("udeb", "main", "amd64");
  const merged = await archiveWith(
    { [AMD64]: index(packages("foo"), all), [UDEBS]: udeb },
    { udebs: true },
  );
  t.like(await importOne(merged.content.name), { sources: 1, binaries: 2, udebs: 1 });
  await merged.remove();

  const split = await tinyArchive({
    architectures: ["all", "amd64"],
    fields: { "No-Support-for-Architecture-all": "Packages" },
    indices: { [SOURCES]: source("foo", "1.0"), [AMD64]: index(packages("foo"), all), [ALL]: all },
  });
  await configure(split);
  t.like(await importOne(split.content.name), { sources: 1, binaries: 2, udebs: 0 });
  await split.remove();
});

test("who provides a name is found with the version that is provided", async (t) => {
  const archive = await archiveWith({
    [AMD64]: index(
      binary("mta-a", "1.0", {
        Provides: "mail-transport-agent, mta-common (= 2.0), xx:any (= 1)",
      }),
      binary("mta-b", "2.0", { Provides: "mail-transport-agent" }),
      binary("mail-transport-agentless", "2.0"),
    ),
  });
  const suite = archive.content.name;
  await importOne(suite);
  const names = async (name: string): Promise<string[][]> =>
    (await providersOf(name, suite)).map((one) => [one.package, one.provides]);
  t.deepEqual(await names("mail-transport-agent"), [
    ["mta-a", "mail-transport-agent"],
    ["mta-b", "mail-transport-agent"],
  ]);
  t.deepEqual(await names("mta-common"), [["mta-a", "mta-common (= 2.0)"]]);
  t.deepEqual(await names("xx"), [["mta-a", "xx:any (= 1)"]]);
  t.deepEqual(await names("mta"), []);
  await archive.remove();
});
