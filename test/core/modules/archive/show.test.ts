import { createHash } from "node:crypto";
import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { silentLog } from "../../../../core/log.ts";
import { renderText } from "../../../../core/message.ts";
import { archive as archiveModule } from "../../../../core/modules/archive/index.ts";
import type { Answer } from "../../../../core/operation/declare.ts";
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

const MD5 = createHash("md5").update("mini").digest("hex");
const environment = testEnvironment([archiveModule]);
let db: Database;
let archive: TinyArchive;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
  archive = await tinyArchive({
    indices: {
      [SOURCES]: source("mini", "1.0", {
        "Package-List":
          "\n mini deb misc optional arch=any profile=!stage1\n mini-doc deb doc optional arch=all",
      }),
      [AMD64]: binary("mini", "1.0", { "Description-md5": MD5, Depends: "libmini (>= 1)" }),
      "main/i18n/Translation-en": `Package: mini\nDescription-md5: ${MD5}\nDescription-en: a thing\n First.\n .\n Second.\n`,
      "main/i18n/Translation-de": `Package: mini\nDescription-md5: ${MD5}\nDescription-de: ein Ding\n Erstens.\n`,
    },
  });
  await configure(archive, { translations: ["de", "en"] });
  await importOne(archive.content.name);
});
test.after.always(async () => {
  await archive.remove();
  await db.close();
});

function ask(name: string, parameters: Record<string, unknown>): Promise<Answer> {
  const operation = environment.registry.operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  const context = {
    ...environment,
    log: silentLog(),
    caller: ADMIN,
    signal: new AbortController().signal,
    dryRun: false,
    progress: () => undefined,
  };
  return operation.run(context, operation.parameters.parse(parameters));
}

test("a package is shown with its long description and what it is expected to build", async (t) => {
  const answer = await ask("show", { package: "mini" });
  const text = answer.messages.map(renderText).join("\n");
  t.regex(text, /First\.\n.*\n.*Second\./);
  t.regex(text, /Depends +libmini \(>= 1\)/);
  t.regex(text, /mini-doc/);
  t.regex(text, /<!stage1>/);
  const [shown] = answer.data as { kind: string; expected: { name: string }[] }[];
  t.deepEqual(
    shown?.expected.map((one) => one.name),
    ["mini", "mini-doc"],
  );
});

test("the description comes in the language that is asked for", async (t) => {
  const german = await ask("show", { package: "mini", language: "de" });
  t.regex(german.messages.map(renderText).join("\n"), /ein Ding[^]*Erstens\./);
  const french = await ask("show", { package: "mini", language: "fr" });
  t.regex(french.messages.map(renderText).join("\n"), /First\./);
});

test("a package that nobody has is an error that says what else to ask", async (t) => {
  const expected = { code: "UNKNOWN_PACKAGE", message: "There is no package nope in sid." };
  await t.throwsAsync(ask("show", { package: "nope", suite: "sid" }), expected as never);
  const none = await ask("providers", { name: "nope" });
  t.regex(none.messages.map(renderText).join("\n"), /No package provides nope/);
});
