import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { OperatorError } from "../../../../core/errors.ts";
import { renderText } from "../../../../core/message.ts";
import { archive as archiveModule } from "../../../../core/modules/archive/index.ts";
import { sectionsOf } from "../../../../core/modules/distro/apply.ts";
import { distro as distroModule } from "../../../../core/modules/distro/index.ts";
import type { Answer } from "../../../../core/operation/declare.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import {
  AMD64,
  binary,
  importOne,
  setUpArchiveEvents,
  tinyArchive,
} from "../../../support/archive.ts";
import { testDatabase } from "../../../support/database.ts";
import { ADMIN, testEnvironment } from "../../../support/environment.ts";

let db: Database;
const folder = mkdtempSync(join(tmpdir(), "lk-distro-"));
const environment = testEnvironment([archiveModule, distroModule]);

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function ask(name: string, parameters: Record<string, unknown>): Promise<Answer> {
  const operation = environment.registry.operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return operation.run(
    {
      ...environment,
      caller: ADMIN,
      signal: new AbortController().signal,
      dryRun: false,
      progress: () => undefined,
    },
    operation.parameters.parse(parameters),
  );
}

/** Applies a text and returns what is said of it, without the frame. */
async function apply(text: string, flags: Record<string, unknown> = {}): Promise<string[]> {
  const file = join(folder, "distro.toml");
  await writeFile(file, text);
  const answer = await ask("distro apply", { file, ...flags });
  return (answer.data as { differences: { sign: string; text: string }[] }).differences.map(
    (one) => `${one.sign} ${one.text}`,
  );
}

async function exported(): Promise<string> {
  return `${(await ask("distro export", {})).lines?.join("\n")}\n`;
}

const DEBIAN = `[[repository]]
name = "debian"
mirrors = ["https://mirror.example.org/debian", "file:../mirror"]
keyring = "keys/debian.gpg"

[[repository.suite]]
name = "bookworm"
alias = "stable"
components = ["main", "contrib"]
architectures = ["amd64"]
udebs = true

[[repository.suite]]
name = "sid"
components = ["main"]
architectures = []
`;

test.serial("a dry run shows the difference and changes nothing", async (t) => {
  const expected = [
    `+ repository debian at https://mirror.example.org/debian, file://${tmpdir()}/mirror, ` +
      `signed by ${folder}/keys/debian.gpg`,
    "+ suite debian:bookworm with contrib, main, amd64, sources, udebs",
    "+ suite debian:sid with main, sources",
  ];
  t.deepEqual(await apply(DEBIAN, { dryRun: true }), expected);
  t.is(await exported(), "\n");
  t.deepEqual(await apply(DEBIAN), expected);
});

test.serial("applying twice changes nothing, and so does what was exported", async (t) => {
  t.deepEqual(await apply(DEBIAN), []);
  const text = await exported();
  t.deepEqual(await apply(text, { prune: true }), []);
  t.is(await exported(), text);
  t.is(
    text,
    `[[repository]]
name = "debian"
mirrors = ["https://mirror.example.org/debian", "file://${tmpdir()}/mirror"]
keyring = "${folder}/keys/debian.gpg"

[[repository.suite]]
name = "bookworm"
alias = "stable"
components = ["contrib", "main"]
architectures = ["amd64"]
sources = true
udebs = true
dep11 = false

[[repository.suite]]
name = "sid"
components = ["main"]
architectures = []
sources = true
udebs = false
dep11 = false
`,
  );
});

test.serial("each difference is named, and made so", async (t) => {
  const changed = DEBIAN.replace('["main", "contrib"]', '["main"]')
    .replace('["amd64"]', '["amd64", "arm64"]')
    .replace('alias = "stable"\n', "")
    .replace("keys/debian.gpg", "/keys.gpg")
    .replace(', "file:../mirror"', "");
  t.deepEqual(await apply(changed), [
    `~ mirrors of debian: https://mirror.example.org/debian, file://${tmpdir()}/mirror → ` +
      "https://mirror.example.org/debian",
    `~ keyring of debian: ${folder}/keys/debian.gpg → /keys.gpg`,
    "~ alias of suite debian:bookworm: stable → none",
    "~ components of suite debian:bookworm: contrib, main → main",
    "~ architectures of suite debian:bookworm: amd64 → amd64, arm64",
  ]);
  t.deepEqual(await apply(changed), []);
});

test.serial("a suite that the file drops is deleted with its packages", async (t) => {
  const tiny = await tinyArchive({ name: "tiny", indices: { [AMD64]: binary("mini", "1.0") } });
  const [head, suite] = [
    `[[repository]]\nname = "tiny"\nurl = "${tiny.url}"\nkeyring = "${tiny.key.keyring}"\n`,
    '[[repository.suite]]\nname = "tiny"\ncomponents = ["main"]\narchitectures = ["amd64"]\nsources = false\n',
  ];
  await apply(head + suite);
  await importOne("tiny");
  t.is((await db.query("select 1 from binary_package")).length, 1);
  t.deepEqual(await apply(head), ["- suite tiny:tiny with all its packages"]);
  for (const table of ["binary_package", "archive_index", "import_run", "suite_release"]) {
    t.deepEqual(await db.query(`select 1 from ${table}`), [], table);
  }
  await tiny.remove();
});

test.serial(
  "repositories that the file does not name stay, unless it is told to prune",
  async (t) => {
    t.deepEqual(await apply(""), []);
    const other =
      '[[repository]]\nname = "other"\nurl = "https://other.example.org"\nkeyring = "k"\n';
    t.deepEqual((await apply(other)).length, 1);
    t.deepEqual(await apply(other, { prune: true }), [
      "- suite debian:bookworm with all its packages",
      "- suite debian:sid with all its packages",
      "- repository debian",
      "- repository tiny",
    ]);
    t.deepEqual(await db.query("select name from repository"), [{ name: "other" }]);
  },
);

test.serial("an answer for people shows the difference", async (t) => {
  const file = join(folder, "again.toml");
  await writeFile(file, DEBIAN);
  const [message] = (await ask("distro apply", { file })).messages;
  t.true(message !== undefined);
  if (message === undefined) return;
  const lines = renderText(message).split("\n");
  t.is(lines[0], "✅ Made 3 changes");
  t.is(lines[2], "  | + suite debian:bookworm with contrib, main, amd64, sources, udebs");
});

for (const [what, text, fault] of [
  ["broken TOML", "[[repository]\nname = 1\n", ":1:"],
  ["an unknown section", `${DEBIAN}[repositories]\n`, ":17: unknown key repositories"],
  [
    "an unknown key",
    DEBIAN.replace("alias", "alais"),
    ":8: unknown key repository[0].suite[0].alais",
  ],
  [
    "a wrong type",
    DEBIAN.replace("udebs = true", 'udebs = "yes"'),
    ":11: repository[0].suite[0].udebs:",
  ],
  ["a missing key", DEBIAN.replace('keyring = "keys/debian.gpg"\n', ""), "repository[0].keyring:"],
  [
    "a bad address",
    DEBIAN.replace("https://mirror", "ftp://mirror"),
    ":3: repository[0].mirrors[0]:",
  ],
  [
    "url and mirrors",
    DEBIAN.replace("mirrors", 'url = "http://a"\nmirrors'),
    "either url, or mirrors",
  ],
  ["a bad name", DEBIAN.replace('"debian"', '"<b>"'), ":2: repository[0].name:"],
  ["a climbing name", DEBIAN.replace('"sid"', '"../sid"'), "repository[0].suite[1].name:"],
  [
    "a bad architecture",
    DEBIAN.replace('["amd64"]', '["AMD 64"]'),
    ":10: repository[0].suite[0].arch",
  ],
  ["no component", DEBIAN.replace('["main"]', "[]"), "repository[0].suite[1].components:"],
  ["a suite twice", DEBIAN.replace('"sid"', '"bookworm"'), "the name bookworm stands twice"],
  ["a repository twice", DEBIAN + DEBIAN, "the name debian stands twice"],
  [
    "a suite of nothing",
    DEBIAN.replace("architectures = []", "architectures = []\nsources = false"),
    ":16: repository[0].suite[1].architectures: without sources",
  ],
] as const) {
  test.serial(`${what} is refused with file, line and key, and nothing changes`, async (t) => {
    const before = await db.query(
      "select * from repository join suite on repository_id = repository.id",
    );
    const error = await t.throwsAsync(apply(text), { instanceOf: OperatorError });
    t.true(error?.message.includes(join(folder, "distro.toml")), error?.message);
    t.true(error?.message.includes(fault), error?.message);
    t.is(error?.exitStatus, 2);
    const after = await db.query(
      "select * from repository join suite on repository_id = repository.id",
    );
    t.deepEqual(after, before);
  });
}

test("two modules cannot own one section", (t) => {
  const twin = { ...archiveModule, name: "twin", operations: [], events: [] };
  t.throws(() => sectionsOf(createRegistry([archiveModule, twin])), { message: /two modules own/ });
});
