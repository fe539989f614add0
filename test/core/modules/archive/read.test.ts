import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { renderText } from "../../../../core/message.ts";
import { archive as archiveModule } from "../../../../core/modules/archive/index.ts";
import { binaryPage, sourcePage } from "../../../../core/modules/archive/package-page.ts";
import {
  packageNames,
  recentChanges,
  suiteOverview,
} from "../../../../core/modules/archive/read.ts";
import { suitesOfEvent } from "../../../../core/modules/archive/triggers.ts";
import {
  AMD64,
  binary,
  configure,
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
let stable: TinyArchive;
let testing: TinyArchive;

const ARMHF = AMD64.replace("amd64", "armhf");

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
  stable = await tinyArchive({
    name: "stable",
    architectures: ["amd64", "armhf"],
    indices: {
      [SOURCES]: index(source("mini", "1.0", { Binary: "mini, libmini1" })),
      [AMD64]: index(
        binary("mini", "1.0"),
        binary("libmini1", "1.0", { Source: "mini", Depends: "libc6" }),
      ),
      [ARMHF]: index(binary("libmini1", "1.0", { Source: "mini", Architecture: "armhf" })),
    },
  });
  testing = await tinyArchive({
    name: "testing",
    indices: {
      [SOURCES]: index(source("mini", "1.9"), source("mini", "1.10")),
      [AMD64]: index(binary("mini", "1.10")),
    },
  });
  await configure(stable);
  await configure(testing, { alias: "next" });
  await importOne("stable");
  await importOne("next");
  await testing.publish({
    indices: { [SOURCES]: index(source("mini", "1.11")), [AMD64]: index(binary("mini", "1.11")) },
  });
  await importOne("testing");
});
test.after.always(async () => {
  await stable.remove();
  await testing.remove();
  await db.close();
});

async function explained(name: string): Promise<string[]> {
  const facts = (await archiveModule.explain?.(name)) ?? [];
  return facts.flatMap((fact) => renderText(fact.message).split("\n"));
}

test("a package is explained by its versions in each suite and its last changes", async (t) => {
  const lines = (await explained("mini")).map((line) =>
    line.replace(/\d+(ms|s)/g, "now").replace(/(?<=\S) {2,}/g, " | "),
  );
  t.deepEqual(lines, [
    "ℹ️ mini is a source package in stable:stable, testing:testing and a binary package in stable:stable, testing:testing",
    "  suite | kind | version | component | architectures | here for",
    "  stable:stable | source | 1.0 | main | any | now",
    "  stable:stable | binary | 1.0 | main | amd64 | now",
    "  testing:testing | source | 1.11 | main | any | now",
    "  testing:testing | binary | 1.11 | main | amd64 | now",
    "ℹ️ What changed last about mini",
    "  when | suite | package | what | from | to",
    "  now ago | testing:testing | mini (amd64) | updated | 1.10 | 1.11",
    "  now ago | testing:testing | mini (source) | updated | 1.10 | 1.11",
  ]);
});

test("a binary package is explained with its source and its architectures", async (t) => {
  const lines = await explained("libmini1");
  t.is(lines[0], "ℹ️ libmini1 is a binary package in stable:stable");
  t.is(lines[1], "  built from mini");
  t.regex(lines[3] ?? "", /stable:stable\s+binary\s+1\.0\s+main\s+amd64 armhf/);
});

test("nothing is said of a package that nobody knows", async (t) => {
  t.deepEqual(await explained("nonesuch"), []);
  t.deepEqual(await explained("<script>"), []);
});

test("the overview has counts, age and configuration of each suite", async (t) => {
  const suites = await suiteOverview();
  t.deepEqual(
    suites.map((suite) => [suite.repository, suite.suite, suite.sources, suite.binaries]),
    [
      ["stable", "stable", 1, 3],
      ["testing", "testing", 1, 1],
    ],
  );
  t.like(suites[0], { architectures: ["amd64", "armhf"], components: ["main"], failure: null });
  t.true((suites[0]?.checkedAt?.getTime() ?? 0) > Date.now() - 600_000);
});

test("the page of a source package has its files, binaries and changes", async (t) => {
  const page = await sourcePage({ suite: "stable", name: "mini" });
  t.like(page, { repository: "stable", component: "main", otherVersions: [] });
  t.like(page?.source, { name: "mini", version: "1.0", architectures: ["any"] });
  t.deepEqual(
    page?.files.map((file) => file.name),
    ["mini_1.0.dsc"],
  );
  t.deepEqual(
    page?.binaries.map((one) => [one.name, one.version, one.architectures]),
    [
      ["libmini1", "1.0", ["amd64", "armhf"]],
      ["mini", "1.0", ["amd64"]],
    ],
  );
  t.is(await sourcePage({ suite: "stable", name: "libmini1" }), undefined);
  t.is(await sourcePage({ suite: "nowhere", name: "mini" }), undefined);
  t.is(await sourcePage({ suite: "stable", name: "mini", repository: "testing" }), undefined);
});

test("the page of a binary package has what it needs and where it is", async (t) => {
  const page = await binaryPage({ suite: "stable", name: "libmini1" });
  t.is(page?.entries.length, 1);
  t.like(page?.entries[0], { sourceName: "mini", version: "1.0", depends: "libc6" });
  t.deepEqual(page?.entries[0]?.architectures, ["amd64", "armhf"]);
  t.is(await binaryPage({ suite: "testing", name: "libmini1" }), undefined);
});

test("recent changes come newest first, names by their beginning", async (t) => {
  t.deepEqual(
    (await recentChanges(1)).map((change) => [change.suite, change.name, change.version_new]),
    [["testing", "mini", "1.11"]],
  );
  t.deepEqual(await packageNames("lib", 10), ["libmini1"]);
  t.deepEqual(await packageNames("%", 10), []);
  t.deepEqual(await packageNames("m", 10), ["mini"]);
});

test("status has a row for each suite, with what is wrong", async (t) => {
  await configure(stable, {}, { url: "file:gone", keyring: stable.key.keyring });
  await runImport(["stable"], {}, "schedule");
  const facts = (await archiveModule.status?.()) ?? [];
  const lines = facts.map((fact) => renderText(fact.message));
  t.regex(lines[0] ?? "", /^❌ stable:stable: 1 sources, 3 binaries/);
  t.regex(lines[0] ?? "", /gone\/dists\/stable has neither InRelease nor Release/);
  t.regex(lines[1] ?? "", /^✅ testing:testing: 1 sources, 1 binaries/);
  await configure(stable);
  await importOne("stable");
});

test("events of Laniakea ask for an import of the suites they name, if we have them", async (t) => {
  const stableOnly = { suites: ["stable"], repository: "stable" };
  for (const [data, expected] of [
    [{ repo: "stable", suite: "stable", is_new: false }, stableOnly],
    [{ repo: "stable", dest_suite: "stable" }, stableOnly],
    [{ repo: "stable" }, stableOnly],
    [{ suite_dest: "testing" }, { suites: ["testing"] }],
    [{ suites: ["testing", "stable"] }, { suites: ["stable", "testing"] }],
    [{ repo: "stable", suite: "stable", is_new: true }, null],
    [{ repo: "stable", suite: "testing" }, null],
    [{ repo: "elsewhere", suite: "stable" }, null],
    [{}, null],
    [null, null],
    ["text", null],
  ] as const) {
    t.deepEqual(await suitesOfEvent(data), expected, JSON.stringify(data));
  }
});
