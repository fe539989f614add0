import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { indexPath } from "../../../../core/debian/index-path.ts";
import { understand } from "../../../../core/events/catalogue.ts";
import { renderText } from "../../../../core/message.ts";
import { archive as archiveModule } from "../../../../core/modules/archive/index.ts";
import { checkParameters, runAtOnce } from "../../../../core/operation/ask.ts";
import { parseWords } from "../../../../core/operation/command.ts";
import type { Answer } from "../../../../core/operation/declare.ts";
import {
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
import { ADMIN, testEnvironment } from "../../../support/environment.ts";

const environment = testEnvironment([archiveModule]);
const archives: TinyArchive[] = [];
let db: Database;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  for (const archive of archives) await archive.remove();
  await db.close();
});

/** Types a line, as at the command line. */
async function type(...words: string[]): Promise<Answer> {
  const typed = parseWords(environment.registry.operations.values(), words, { program: "lk" });
  if ("help" in typed) throw new Error(typed.help);
  const declaration = typed.operation;
  const parameters = checkParameters(declaration, typed.parameters);
  return runAtOnce(environment, { declaration, parameters, caller: ADMIN, dryRun: typed.dryRun });
}

/** What a diff says for people, without how long ago. */
async function said(...words: string[]): Promise<string[]> {
  const { messages } = await type(...words);
  return messages.flatMap((message) =>
    renderText(message)
      .split("\n")
      .map((line) => line.replace(/ {2,}/g, "  ").replaceAll(/\(\S+ ago\)/g, "(… ago)")),
  );
}

interface Diffed {
  since: { run: number };
  until: { run: number };
  counts: Record<string, number>;
  changes: Record<string, unknown>[];
}

async function diffed(...words: string[]): Promise<Diffed> {
  return (await type("diff", ...words)).data as Diffed;
}

const CONTRIB = indexPath("source", "contrib", "");

/** A suite of sources and binaries whose versions are given, `source@component` for others. */
function indicesOf(versions: Record<string, string>): Record<string, string> {
  const all = Object.entries(versions).map(([key, version]) => {
    const [name = "", component = "main"] = key.split("@");
    return { name, component, version };
  });
  const main = all.filter((one) => one.component === "main");
  const contrib = all.filter((one) => one.component === "contrib");
  return {
    [SOURCES]: index(...main.map(({ name, version }) => source(name, version))),
    [AMD64]: index(
      ...main.map(({ name, version }) => binary(`lib${name}`, version, { Source: name })),
    ),
    [CONTRIB]: index(...contrib.map(({ name, version }) => source(name, version))),
    [indexPath("deb", "contrib", "amd64")]: "",
  };
}

async function make(versions: Record<string, string>): Promise<TinyArchive> {
  const archive = await tinyArchive({
    components: ["main", "contrib"],
    indices: indicesOf(versions),
  });
  archives.push(archive);
  await configure(archive);
  await importOne(archive.content.name);
  return archive;
}

async function change(archive: TinyArchive, versions: Record<string, string>): Promise<void> {
  await archive.publish({ indices: indicesOf(versions) });
  await importOne(archive.content.name);
}

async function runsOf(archive: TinyArchive): Promise<number[]> {
  const runs = (await type("suite", "runs", archive.content.name)).data as { run: number }[];
  return runs.map((one) => one.run).toReversed();
}

test("the difference of two states is the net effect, by source and by binary", async (t) => {
  const archive = await make({ alpha: "1", beta: "1", gamma: "1", delta: "1" });
  const { name } = archive.content;
  await change(archive, { alpha: "2", beta: "1", "delta@contrib": "1", fleeting: "1" });
  await change(archive, { alpha: "1:1", beta: "1", "delta@contrib": "1", late: "2" });
  const [first = 0, second = 0, third = 0] = await runsOf(archive);
  t.deepEqual(await said("diff", name, "--since", "first"), [
    `ℹ️ ${name}:${name}: 4 source packages changed`,
    `  from run ${first} (… ago) to run ${third} (… ago)`,
    "  1 added, 2 updated and 1 removed",
    "  package  what  from  to  component  binaries",
    "  alpha  updated  1  1:1  main  1",
    "  delta  moved  1  1  main → contrib  1",
    "  gamma  removed  1  main  1",
    "  late  added  2  main  1",
  ]);
  t.deepEqual((await diffed(name, "--since", "first", "--binaries")).changes.length, 4);
  t.deepEqual((await diffed(name, "--run", `${second}`)).counts, {
    added: 1,
    updated: 2,
    changed: 0,
    removed: 1,
  });
  // Without more, what the last import did; `--run` of it is the same.
  const last = await diffed(name);
  t.deepEqual(
    last.changes.map((one) => one["pkg_name"]),
    ["alpha", "fleeting", "late"],
  );
  t.deepEqual(await diffed(name, "--run", `${third}`), last);
  t.deepEqual((await diffed(name, "--since", "first", "--until", `${second}`)).until.run, second);
  t.deepEqual((await diffed(name, "a*", "--since", "first")).changes.length, 1);
  t.deepEqual((await diffed(name, "--since", "first", "--component", "contrib")).changes.length, 1);
  t.deepEqual((await diffed(name, "--since", "first", "--architecture", "i386")).changes, []);
  t.deepEqual(await said("diff", name, "--since", "now"), [
    `ℹ️ nothing changed in ${name}:${name}`,
    `  from run ${third} (… ago) to run ${third} (… ago)`,
  ]);
});

test("what was before the first import, failed, or read by force makes no difference", async (t) => {
  const archive = await make({ alpha: "1" });
  const { name } = archive.content;
  t.regex((await said("diff", name, "--since", "2d")).join("\n"), /nothing was recorded before/);
  await importOne(name, { force: true });
  await archive.publish({ indices: { ...indicesOf({ alpha: "2" }), [AMD64]: "Package: -\n" } });
  const [outcome] = await runImport([name]);
  t.true(outcome !== undefined && "error" in outcome);
  t.deepEqual((await diffed(name, "--since", "first")).changes, []);
  await change(archive, { alpha: "2" });
  const runs = await runsOf(archive);
  t.is(runs.length, 4);
  t.is((await diffed(name)).changes.length, 1);
  t.regex(
    (await said("suite", "runs", name)).join("\n"),
    /failed: .*\n.*first import|first import/,
  );
});

test("moments without a state are refused with what to type instead", async (t) => {
  const archive = await make({ alpha: "1" });
  const { name } = archive.content;
  await t.throwsAsync(type("diff", name, "--since", "soon"), { code: "BAD_MOMENT" });
  await t.throwsAsync(type("diff", name, "--run", "999999"), { code: "UNKNOWN_RUN" });
  await t.throwsAsync(type("diff", name, "--since", "999999"), { code: "UNKNOWN_RUN" });
  await t.throwsAsync(type("diff", name, "--run", "1", "--since", "2d"), { code: "BAD_ARGUMENTS" });
  await t.throwsAsync(type("diff", name, "x'; drop table suite"), { code: "BAD_ARGUMENTS" });
  await t.throwsAsync(type("diff", "nowhere"), { code: "UNKNOWN_SUITE" });
  await change(archive, { alpha: "2" });
  const [first = 0, second = 0] = await runsOf(archive);
  await t.throwsAsync(type("diff", name, "--since", `${second}`, "--until", `${first}`), {
    code: "BAD_MOMENT",
  });
  const other = await tinyArchive({ indices: { [SOURCES]: "", [AMD64]: "" } });
  archives.push(other);
  await configure(other);
  await t.throwsAsync(type("diff", other.content.name), { code: "NOT_IMPORTED" });
});

test("two suites are compared by dpkg's order of versions", async (t) => {
  const here = await make({ alpha: "1.10", beta: "1~rc1", gamma: "1", same: "1.0", delta: "1" });
  const there = await make({
    alpha: "1.9",
    beta: "1",
    omega: "1",
    same: "1.00",
    "delta@contrib": "1",
  });
  const [a, b] = [here.content.name, there.content.name];
  t.deepEqual(await said("diff", a, "--against", b), [
    `ℹ️ ${a}:${a} against ${b}:${b}: 5 source packages differ`,
    "  1 only here, 1 only there, 1 newer, 1 older and 1 moved",
    `  package  what  ${a}:${a}  ${b}:${b}  component`,
    "  alpha  newer  1.10  1.9  main",
    "  beta  older  1~rc1  1  main",
    "  delta  moved  1  1  main ↔ contrib",
    "  gamma  only here  1  main",
    "  omega  only there  1  main",
  ]);
  const { data } = await type("diff", a, "libalpha", "--against", b, "--binaries");
  t.like(data, {
    differences: [
      { name: "libalpha", relation: "newer", version: "1.10", architectures: ["amd64"] },
    ],
  });
});

test("what is not kept any more is said, and the rest stays", async (t) => {
  const archive = await make({ alpha: "1" });
  const { name } = archive.content;
  await change(archive, { alpha: "2" });
  await change(archive, { alpha: "3" });
  const [first, second, third] = await runsOf(archive);
  await db.query(
    "update import_run set finished_at = now() - interval '3 years' where id = any($1)",
    [[first, second]],
  );
  t.like((await type("archive", "tidy", "--dry-run")).data, { runs: 1, changes: 2 });
  t.like((await type("archive", "tidy")).data, { runs: 1, changes: 2 });
  t.like((await type("archive", "tidy")).data, { runs: 0, changes: 0 });
  const error = await t.throwsAsync(type("diff", name, "--since", "first"), {
    code: "JOURNAL_GONE",
  });
  t.regex((error as unknown as { hint: string }).hint, new RegExp(`--since ${second}`));
  t.is((await diffed(name, "--since", `${second}`)).changes.length, 1);
  t.is((await diffed(name)).until.run, third ?? 0);
  t.regex((await said("suite", "runs", name)).join("\n"), /2, not kept/);
  t.is((await runsOf(archive))[0], first ?? 0);
});

test("many suites that change at once are told in bounded numbers of events", async (t) => {
  const before = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`pkg${n}`, "1"]));
  const after = Object.fromEntries(Object.keys(before).map((name) => [name, "2"]));
  const suites = [await make(before), await make(before), await make(before)];
  for (const suite of suites) await suite.publish({ indices: indicesOf(after) });
  await runImport(
    suites.map((suite) => suite.content.name),
    { mostSingle: 20 },
  );
  const tags: string[] = [];
  for (const suite of suites) {
    const [, ...events] = await eventsOf(suite.content.name);
    tags.push(...events.map((event) => event.tag.replace("_lk.archive.", "")));
  }
  // Twenty packages in all: the first of them fits, the others are a summary each.
  t.deepEqual(tags.toSorted(), [
    ...Array.from({ length: 12 }, () => "package-changed"),
    "suite-changed",
    "suite-changed",
  ]);
});

test("a summary names what matters most, and the command that shows all", async (t) => {
  const names = Array.from({ length: 300 }, (_, n) => `pkg${n + 100}`);
  const list = (version: string): Record<string, string> => ({
    ...indicesOf(Object.fromEntries(names.map((name) => [name, version]))),
    [AMD64]: index(
      binary("init-system", version, { Source: "pkg250", Priority: "required" }),
      ...names.map((name) => binary(`lib${name}`, version, { Source: name })),
    ),
  });
  const archive = await make({});
  const { name } = archive.content;
  await archive.publish({ indices: list("1") });
  await importOne(name);
  await archive.publish({
    indices: { ...list("2"), [SOURCES]: index(...names.slice(1).map((one) => source(one, "2"))) },
  });
  await importOne(name, { mostSingle: 20 });
  const event = (await eventsOf(name)).at(-1);
  const run = (await runsOf(archive)).at(-1);
  const data = event?.data ?? {};
  t.like(data, { run, packages_count: 300 });
  t.is((data["samples"] as unknown[]).length, 10);
  t.true(JSON.stringify(data).length < 4_000);
  const understood = understand(environment.registry.events, event?.tag ?? "", data);
  const message = understood.declaration === undefined ? null : understood.render({ web: "" });
  t.deepEqual(message === null ? [] : renderText(message).split("\n"), [
    `ℹ️ ${name}:${name}: changes in 300 source packages`,
    "  sources: 299 updated, 1 removed",
    "  binaries: 301 updated",
    "  pkg250 1 → 2 updated",
    "  pkg100 1 removed",
    "  pkg101 1 → 2 updated",
    "  pkg102 1 → 2 updated",
    "  pkg103 1 → 2 updated",
    "  and 295 more source packages",
    `  → diff ${name} --run ${run} · See the suite </suites/${name}>`,
  ]);
});
