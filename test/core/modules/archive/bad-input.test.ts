import { readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { encodeIndex } from "../../../../core/demo/archive.ts";
import { OperatorError } from "../../../../core/errors.ts";
import {
  AMD64,
  binary,
  configure,
  eventsOf,
  importOne,
  index,
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

const GOOD = {
  [SOURCES]: index(source("mini", "1.0")),
  [AMD64]: index(binary("mini", "1.0")),
};

async function make(): Promise<TinyArchive> {
  const archive = await tinyArchive({ indices: GOOD });
  archives.push(archive);
  await configure(archive);
  return archive;
}

/** What the import of a suite says when it is refused, after checking that it left nothing. */
async function refusal(archive: TinyArchive): Promise<OperatorError> {
  const { name } = archive.content;
  const before = [await contentOf(name), (await eventsOf(name)).length];
  const refused = await importOne(name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(refused instanceof OperatorError)) throw new Error("not refused", { cause: refused });
  const after = [await contentOf(name), (await eventsOf(name)).length];
  if (!isDeepStrictEqual(after, before)) throw new Error("something was stored or announced");
  return refused;
}

function contentOf(suite: string): Promise<unknown[]> {
  return db.query(
    `select i.*, (select json_agg(p order by id) from source_package p where index_id = i.id) as s,
            (select json_agg(p order by id) from binary_package p where index_id = i.id) as b
       from archive_index i join suite on suite.id = i.suite_id
      where suite.name = $1 order by i.id`,
    [suite],
  );
}

const sized = (size: string) => binary("mini", "1.0", { Size: size });

for (const [what, indices, code, message] of [
  [
    "a line that is no field",
    { [AMD64]: `${binary("mini", "1.0")}nonsense\n` },
    "MALFORMED_STANZA",
    /Packages\S*, line 9: this is neither a field/,
  ],
  [
    "a field that stands twice",
    { [AMD64]: `${binary("a1", "1")}\n${binary("b1", "1")}version: 2\n` },
    "MALFORMED_STANZA",
    /line 18: the field version stands twice/,
  ],
  [
    "a stanza without Version",
    { [SOURCES]: "Package: mini\nBinary: mini\n" },
    "MALFORMED_STANZA",
    /Sources\S*, line 1: the field Version is missing/,
  ],
  [
    "a stanza without Filename",
    { [AMD64]: "Package: mini\nVersion: 1\nArchitecture: amd64\nSize: 1\n" },
    "MALFORMED_STANZA",
    /the field Filename is missing/,
  ],
  [
    "a size in words",
    { [AMD64]: sized("big") },
    "MALFORMED_STANZA",
    /line 6: the field Size is not/,
  ],
  ["a size below zero", { [AMD64]: sized("-1") }, "MALFORMED_STANZA", /Size is not a size: "-1"/],
  [
    "a size that no number holds",
    { [AMD64]: sized("9007199254740993") },
    "MALFORMED_STANZA",
    /Size is not a size/,
  ],
  [
    "a package named <script>",
    { [AMD64]: binary("<script>", "1.0") },
    "BAD_PACKAGE_NAME",
    /line 1: Package "<script>" is no name of a package/,
  ],
  [
    "a source package named <script>",
    { [SOURCES]: source("<script>alert(1)</script>", "1.0") },
    "BAD_PACKAGE_NAME",
    /Sources\S*, line 1: Package "<script>/,
  ],
  [
    "a binary of a source named <b>",
    { [AMD64]: binary("mini", "1.0", { Source: "<b>" }) },
    "BAD_PACKAGE_NAME",
    /Source "<b>" is no name/,
  ],
  [
    "a bad version",
    { [AMD64]: binary("mini", "1_0") },
    "BAD_VERSION",
    /line 2: Version "1_0" is no valid version: it has a character/,
  ],
  [
    "a bad architecture",
    { [AMD64]: binary("mini", "1.0", { Architecture: "AMD 64" }) },
    "MALFORMED_STANZA",
    /line 3: Architecture "AMD 64" is none/,
  ],
  [
    "the same package twice",
    { [AMD64]: index(binary("mini", "1.0"), binary("mini", "0.9"), binary("mini", "1.0")) },
    "DUPLICATE_PACKAGE",
    /line 19: the package mini 1\.0 amd64 stands here and on line 1/,
  ],
  [
    "the same package twice, with others between,",
    { [AMD64]: index(binary("mini", "1.0"), binary("other", "1"), binary("mini", "1.0")) },
    "DUPLICATE_PACKAGE",
    /Packages\.\w+: the package mini 1\.0 stands there twice/,
  ],
  [
    "the same source twice with other fields",
    { [SOURCES]: index(source("mini", "1.0"), source("mini", "1.0", { Section: "x" })) },
    "DUPLICATE_PACKAGE",
    /line 13: the package mini 1\.0 source stands here and on line 1/,
  ],
  [
    "a file list that cannot be read",
    { [SOURCES]: source("mini", "1.0", { Files: "\n abc mini.dsc" }) },
    "MALFORMED_STANZA",
    /line 8: the file list has a bad line "abc mini\.dsc"/,
  ],
  [
    "a file outside of its folder",
    { [SOURCES]: source("mini", "1.0", { Files: `\n ${"b".repeat(32)} 5 ../../passwd` }) },
    "MALFORMED_STANZA",
    /the file list has a bad line/,
  ],
  [
    "file lists that contradict each other",
    {
      [SOURCES]: source("mini", "1.0", {
        "Checksums-Sha256": `\n ${"c".repeat(64)} 501 mini_1.0.dsc`,
      }),
    },
    "MALFORMED_STANZA",
    /the file lists contradict each other about mini_1\.0\.dsc/,
  ],
  [
    "a NUL byte",
    { [AMD64]: binary("mini", "1.0", { Description: "a\u0000b" }) },
    "MALFORMED_STANZA",
    /line 8: there is a NUL byte/,
  ],
] as const) {
  test(`${what} is refused with its place, and nothing is stored`, async (t) => {
    const archive = await make();
    await archive.publish({ indices: { ...GOOD, ...indices } });
    const first = await refusal(archive);
    t.is(first.code, code);
    t.regex(first.message, message);
    t.true(first.message.includes(archive.url), first.message);
    t.is(first.exitStatus, 1);
    // The same when the suite had been imported before; but a copy of a stored stanza, which is
    // not looked at again, has no line.
    await archive.publish({ indices: GOOD });
    await importOne(archive.content.name);
    await archive.publish({ indices: { ...GOOD, ...indices } });
    const later = await refusal(archive);
    t.is(later.code, code);
    const twice = /(Packages|Sources)\.\w+: the package mini 1\.0 stands there twice/;
    if (later.message !== first.message) t.regex(later.message, twice);
  });
}

function path(archive: TinyArchive, ...parts: string[]): string {
  return join(archive.folder, "dists", archive.content.name, ...parts);
}

test("a Release with an altered text is refused", async (t) => {
  const archive = await make();
  const file = path(archive, "InRelease");
  await writeFile(file, (await readFile(file, "utf8")).replace("Demo", "Evil"));
  const error = await refusal(archive);
  t.is(error.code, "BAD_SIGNATURE");
  t.regex(error.message, /InRelease is not accepted: .*was altered/);
});

test("a Release of a stranger's key is refused", async (t) => {
  const [archive, stranger] = [await make(), await make()];
  await configure(archive, {}, { keyring: stranger.key.keyring });
  const error = await refusal(archive);
  t.is(error.code, "BAD_SIGNATURE");
  t.regex(error.message, /not in the keyring/);
});

test("a missing keyring is named", async (t) => {
  const archive = await make();
  await configure(archive, {}, { keyring: "none.gpg" });
  const error = await refusal(archive);
  t.is(error.code, "KEYRING_MISSING");
  t.true(error.message.includes(join(archive.folder, "none.gpg")));
});

test("an archive without any signature is refused", async (t) => {
  const archive = await make();
  await rm(path(archive, "InRelease"));
  await rm(path(archive, "Release.gpg"));
  const error = await refusal(archive);
  t.is(error.code, "BAD_SIGNATURE");
  t.regex(error.message, /is not signed: there is no InRelease and no Release\.gpg/);
});

test("Release with Release.gpg does instead of InRelease", async (t) => {
  const archive = await make();
  await rm(path(archive, "InRelease"));
  t.like(await importOne(archive.content.name), { sources: 1, binaries: 1 });
});

test("an archive that is not there is refused", async (t) => {
  const archive = await make();
  await configure(archive, {}, { url: "file:nowhere" });
  const error = await refusal(archive);
  t.is(error.code, "RELEASE_MISSING");
  t.regex(error.message, /nowhere\/dists\/tiny\d+ has neither InRelease nor Release/);
});

test("an expired Release is refused", async (t) => {
  const archive = await make();
  await archive.publish({ validUntil: new Date(Date.now() - 1000) });
  const error = await refusal(archive);
  t.is(error.code, "RELEASE_EXPIRED");
  t.regex(error.message, /InRelease expired: it was valid until/);
  // A snapshot never gets younger.
  await configure(archive, { check_valid_until: false });
  t.true((await importOne(archive.content.name)).first);
});

test("the Release of another suite is refused", async (t) => {
  const archive = await make();
  await archive.publish({ fields: { Suite: "other", Codename: "another" } });
  const error = await refusal(archive);
  t.is(error.code, "RELEASE_OF_OTHER_SUITE");
});

test("a Release older than the last one is refused, unless forced", async (t) => {
  const archive = await make();
  const { name, date } = archive.content;
  await importOne(name);
  await archive.publish({ date: new Date((date?.getTime() ?? 0) - 60_000) });
  const error = await refusal(archive);
  t.is(error.code, "RELEASE_OLDER");
  t.regex(error.hint ?? "", /--force/);
  t.like(await importOne(name, { force: true }), { changes: [] });
});

test("an index that is not what the Release lists is refused", async (t) => {
  const archive = await make();
  for (const ending of ["", ".gz", ".xz"]) {
    const file = path(archive, `${AMD64}${ending}`);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) continue;
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    await writeFile(file, bytes);
  }
  const error = await refusal(archive);
  t.is(error.code, "HASH_MISMATCH");
  t.regex(error.message, /binary-amd64\/Packages\S* is not the file that the Release lists/);
});

test("an index that is longer or shorter than listed is refused", async (t) => {
  const archive = await make();
  await archive.publish({ forms: ["plain"] });
  const file = path(archive, SOURCES);
  const text = await readFile(file, "utf8");
  for (const content of [`${text}x`, text.slice(1), ""]) {
    await writeFile(file, content);
    const error = await refusal(archive);
    t.is(error.code, "SIZE_MISMATCH");
    t.regex(error.message, /Sources has .*bytes, but the Release lists/);
  }
});

/** Replaces a listed file and lists what it is now, so that only its content is wrong. */
async function replaceListed(archive: TinyArchive, file: string, bytes: Buffer): Promise<void> {
  await writeFile(path(archive, file), bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const md5 = createHash("md5").update(bytes).digest("hex");
  await archive.resign((text) =>
    text
      .replaceAll(
        new RegExp(`^ [0-9a-f]{64} \\d+ ${file}$`, "gm"),
        ` ${sha256} ${bytes.length} ${file}`,
      )
      .replaceAll(
        new RegExp(`^ [0-9a-f]{32} \\d+ ${file}$`, "gm"),
        ` ${md5} ${bytes.length} ${file}`,
      ),
  );
}

for (const form of ["xz", "gz"] as const) {
  test(`a truncated .${form} that is listed so is refused`, async (t) => {
    const whole = await encodeIndex(Buffer.from(index(binary("mini", "1.0"))), form);
    if (whole === undefined) {
      t.pass("xz is not installed");
      return;
    }
    const archive = await make();
    await archive.publish({ forms: ["plain", form] });
    await replaceListed(archive, `${AMD64}.${form}`, whole.subarray(0, whole.length - 20));
    const error = await refusal(archive);
    t.is(error.code, "CORRUPT_INDEX");
    t.regex(error.message, /Packages\.\w+ cannot be decompressed: .*unexpected end/i);
  });

  test(`a .${form} that unpacks to something else than listed is refused`, async (t) => {
    const archive = await make();
    await archive.publish({ forms: ["plain", form] });
    for (const [text, code] of [
      [index(binary("mini", "1.1")), "HASH_MISMATCH"],
      [index(binary("mini", "1.0"), binary("evil", "1")), "SIZE_MISMATCH"],
      ["", "SIZE_MISMATCH"],
    ] as const) {
      const bytes = await encodeIndex(Buffer.from(text), form);
      if (bytes === undefined) {
        t.pass("xz is not installed");
        return;
      }
      await replaceListed(archive, `${AMD64}.${form}`, bytes);
      t.is((await refusal(archive)).code, code);
    }
  });
}

for (const form of ["xz", "gz"] as const) {
  test(`a small .${form} that unpacks to a gigabyte is read as far as the Release lists`, async (t) => {
    const lines = await encodeIndex(Buffer.alloc(5_000_000, "#\n"), form);
    if (lines === undefined) {
      t.pass("xz is not installed");
      return;
    }
    const archive = await make();
    await archive.publish({ forms: ["plain", form] });
    const bomb = Buffer.concat(Array.from({ length: 200 }, () => lines));
    await replaceListed(archive, `${AMD64}.${form}`, bomb);
    const error = await refusal(archive);
    t.is(error.code, "SIZE_MISMATCH");
    t.regex(error.message, /decompressed, is larger than the Release says/);
  });
}

test("a Release that lists no SHA256 is refused", async (t) => {
  const archive = await make();
  await archive.resign((text) => text.replace(/^SHA256:\n( .*\n)*/m, ""));
  const error = await refusal(archive);
  t.is(error.code, "RELEASE_WITHOUT_SHA256");
});

test("a component or architecture that the suite lacks is named with what it has", async (t) => {
  const archive = await make();
  await configure(archive, { components: ["main", "contrib"] });
  const component = await refusal(archive);
  t.is(component.code, "SUITE_LACKS_COMPONENT");
  t.regex(component.message, /has no component contrib; it has main\./);
  await configure(archive, { architectures: ["riscv64"] });
  const architecture = await refusal(archive);
  t.is(architecture.code, "SUITE_LACKS_ARCHITECTURE");
  t.regex(architecture.message, /has no architecture riscv64; it has amd64\./);
});

test("an index that the Release lists and the mirror lacks is named", async (t) => {
  const archive = await make();
  for (const ending of ["", ".gz", ".xz"]) {
    await rm(path(archive, `${SOURCES}${ending}`), { force: true });
  }
  const error = await refusal(archive);
  t.is(error.code, "INDEX_MISSING");
  t.regex(error.message, /main\/source\/Sources/);
});
