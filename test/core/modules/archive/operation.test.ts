import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { silentLog } from "../../../../core/log.ts";
import { renderText } from "../../../../core/message.ts";
import { archive as archiveModule } from "../../../../core/modules/archive/index.ts";
import type { Answer, Caller } from "../../../../core/operation/declare.ts";
import {
  AMD64,
  binary,
  configure,
  index,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../../../support/archive.ts";
import { testDatabase } from "../../../support/database.ts";
import { ADMIN, testEnvironment } from "../../../support/environment.ts";

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

const environment = testEnvironment([archiveModule]);

/** Asks for an operation as a surface does, parameters checked. */
async function ask(
  name: string,
  parameters: Record<string, unknown>,
  options: { dryRun?: boolean; caller?: Caller } = {},
): Promise<Answer> {
  const operation = environment.registry.operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return operation.run(
    {
      ...environment,
      log: silentLog(),
      caller: options.caller ?? ADMIN,
      signal: new AbortController().signal,
      dryRun: options.dryRun ?? false,
      progress: () => undefined,
    },
    operation.parameters.parse(parameters),
  );
}

function said(answer: Answer): string[] {
  return answer.messages.flatMap((message) => renderText(message).split("\n"));
}

const SCHEDULE: Caller = { name: "schedule", role: "admin", origin: "schedule" };

test.serial("before anything is configured an import says how to begin", async (t) => {
  await t.throwsAsync(ask("import", {}), { code: "NO_SUITE", message: /No suite is configured/ });
  t.deepEqual((await ask("import", {}, { caller: SCHEDULE })).messages, []);
  t.regex(said(await ask("suite list", {})).join("\n"), /No suite is configured yet/);
});

test.serial("import answers what it did, for people and for programs", async (t) => {
  const indices = {
    [SOURCES]: index(source("mini", "1.0")),
    [AMD64]: index(binary("mini", "1.0")),
  };
  const archive = await tinyArchive({ name: "alpha", indices });
  archives.push(archive);
  await configure(archive, {}, { name: "first" });
  const planned = await ask("import", { suites: ["alpha"] }, { dryRun: true });
  t.is(
    said(planned)[0],
    "✅ first:alpha would be imported for the first time: 1 sources, 1 binaries",
  );
  const first = await ask("import", { suites: ["alpha"] });
  t.is(said(first)[0], "✅ first:alpha is imported: 1 sources, 1 binaries");
  t.like((first.data as unknown[])[0], { suite: "alpha", first: true, sources: 1, dryRun: false });
  t.is(said(await ask("import", {}))[0], "ℹ️ first:alpha is unchanged: 1 sources, 1 binaries");
  await archive.publish({ indices: { ...indices, [AMD64]: index(binary("mini", "1.0+b1")) } });
  t.deepEqual(said(await ask("import", {})).slice(0, 2), [
    "✅ first:alpha changed (packages: 1 updated): 1 sources, 1 binaries",
    "  1 index read, 249 B",
  ]);
});

test.serial("a name means a suite, or all suites of a repository; others are named", async (t) => {
  const beta = await tinyArchive({
    name: "beta",
    indices: { [SOURCES]: index(source("b1", "1")) },
  });
  archives.push(beta);
  await configure(beta, { architectures: [] }, { name: "derived" });
  const all = await ask("import", { suites: ["derived"] });
  t.deepEqual(
    (all.data as { suite: string }[]).map((one) => one.suite),
    ["beta"],
  );
  const twice = await ask("import", { suites: ["beta", "derived", "alpha"] });
  t.is(twice.messages.length, 2);
  await t.throwsAsync(ask("import", { suites: ["gamma"] }), {
    code: "UNKNOWN_SUITE",
    message: "There is no suite gamma.",
  });
  await t.throwsAsync(ask("import", { repository: "gamma" }), { code: "UNKNOWN_REPOSITORY" });
  await t.throwsAsync(ask("import", { suites: ["alpha"], repository: "derived" }), {
    code: "UNKNOWN_SUITE",
  });
});

test.serial("a suite that two repositories have must be told apart", async (t) => {
  const twin = await tinyArchive({
    name: "alpha",
    indices: { [SOURCES]: index(source("a1", "1")) },
  });
  archives.push(twin);
  await configure(twin, { architectures: [] }, { name: "twin" });
  await t.throwsAsync(ask("import", { suites: ["alpha"] }), {
    code: "AMBIGUOUS_SUITE",
    message: /alpha is in several repositories: first, twin/,
  });
  const one = await ask("import", { suites: ["alpha"], repository: "twin" });
  t.like((one.data as unknown[])[0], { repository: "twin", sources: 1 });
});

test.serial("one failing suite among several is told, and the command fails", async (t) => {
  const [broken] = archives;
  if (broken === undefined) throw new Error("no archive");
  await configure(broken, {}, { name: "first", url: "file:gone" });
  const answer = await ask("import", {});
  t.true(answer.failed);
  t.true(said(answer).includes("❌ first:alpha was not imported"));
  t.like((answer.data as unknown[])[1], { suite: "alpha", error: { code: "RELEASE_MISSING" } });
  await t.throwsAsync(ask("import", { suites: ["alpha"] }), { code: "AMBIGUOUS_SUITE" });
  await t.throwsAsync(ask("import", { suites: ["alpha"], repository: "first" }), {
    code: "RELEASE_MISSING",
  });
});

test.serial("suite list shows what is configured", async (t) => {
  const lines = said(await ask("suite list", {}));
  t.is(lines[0], "❌ 3 suites");
  t.regex(lines[3] ?? "", /first:alpha\s+main\s+amd64\s+1\s+1\s+.* ago, failing/);
  const derived = await ask("suite list", { repository: "derived" });
  t.is((derived.data as unknown[]).length, 1);
});
