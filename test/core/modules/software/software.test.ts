import { readFileSync } from "node:fs";
import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { silentLog } from "../../../../core/log.ts";
import { renderText } from "../../../../core/message.ts";
import { software } from "../../../../core/modules/software/index.ts";
import { plainText } from "../../../../core/modules/software/plain-text.ts";
import { iconOf, type SoftwareComponent } from "../../../../core/modules/software/read.ts";
import {
  AMD64,
  binary,
  configure,
  importOne,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../../../support/archive.ts";
import { testDatabase } from "../../../support/database.ts";
import { ADMIN, testEnvironment } from "../../../support/environment.ts";
import { tarOf } from "../../../support/tar.ts";

const REAL = readFileSync("test/fixtures/archive/bookworm-Components.yml", "utf8");
const environment = testEnvironment([software]);
let db: Database;
let archive: TinyArchive;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
  archive = await tinyArchive({
    indices: {
      [SOURCES]: source("scite", "1.0"),
      [AMD64]: binary("scite", "1.0"),
      "main/dep11/Components-amd64.yml": REAL,
      "main/dep11/CID-Index-amd64.json": JSON.stringify({ "scite.desktop": "s/sc/scite/1" }),
      "main/dep11/icons-64x64.tar": tarOf(["scite_Sci48M.png", "a picture"]),
    },
  });
  await configure(archive, { dep11: true });
  await importOne(archive.content.name);
});
test.after.always(async () => {
  await archive.remove();
  await db.close();
});

async function ask(words: string[]): Promise<{ found: SoftwareComponent[]; text: string }> {
  const operation = environment.registry.operations.get("software");
  if (operation === undefined) throw new Error("no operation software");
  const context = {
    ...environment,
    log: silentLog(),
    caller: ADMIN,
    signal: new AbortController().signal,
    dryRun: false,
    progress: () => undefined,
  };
  const answer = await operation.run(context, operation.parameters.parse({ words }));
  const text = answer.messages.map(renderText).join("\n");
  return { found: answer.data as SoftwareComponent[], text };
}

test("software is shown by its package or id, with its icon and its global id", async (t) => {
  for (const name of ["scite", "scite.desktop"]) {
    const { found, text } = await ask([name]);
    t.is(found.length, 1);
    t.like(found[0], {
      id: "scite.desktop",
      globalIds: ["s/sc/scite/1"],
      architectures: ["amd64"],
    });
    t.is((await iconOf(found[0]?.icon ?? ""))?.toString(), "a picture");
    t.regex(text, /SciTE Text Editor/);
    t.regex(text, /GTK-based programming editor/);
    t.false(text.includes("<p>"));
  }
});

test("software is found by words of its name, summary and keywords", async (t) => {
  const ids = async (...words: string[]): Promise<string[]> =>
    (await ask(words)).found.map((one) => one.id);
  t.deepEqual(await ids("infinity", "ENGINE"), ["org.gemrb.gemrb"]);
  t.deepEqual(await ids("edit", "source"), ["scite.desktop"]);
  t.deepEqual(await ids("%"), []);
  t.regex((await ask(["nothing", "such"])).text, /No software is found for nothing such/);
});

test("why a package is known names its software", async (t) => {
  const [fact] = (await software.explain?.("gemrb")) ?? [];
  t.regex(renderText(fact?.message ?? { tone: "bad", headline: [] }), /GemRB/);
  t.deepEqual(await software.explain?.("org.gemrb.gemrb"), []);
});

test("descriptions become plain text, whatever markup they hold", (t) => {
  t.is(
    plainText(
      "<p>One\n  line &amp; more.</p> <ul> <li>first</li><li><code>x</code></li></ul><p>End</p>",
    ),
    "One line & more.\n\n- first\n- x\n\nEnd",
  );
  t.is(plainText("a<script>alert(1)</script>&lt;b&gt;"), "aalert(1)<b>");
});
