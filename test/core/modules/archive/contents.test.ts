import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "ava";
import type { Database } from "../../../../core/database/connect.ts";
import { silentLog } from "../../../../core/log.ts";
import { findFiles } from "../../../../core/modules/archive/contents/find-files.ts";
import {
  type ContentsQuery,
  searchContents,
} from "../../../../core/modules/archive/contents/search-contents.ts";
import { findSuite } from "../../../../core/modules/archive/suites.ts";
import {
  ALL,
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

const CONTENTS = `FILE                                                    LOCATION
bin/bash                                                shells/bash
bin/bashbug                                             shells/bash
etc/with blank in it.conf                               contrib/misc/foo
usr/bin/bash-static                                     shells/bash-static
usr/lib/x86_64-linux-gnu/libcurl.so.4                   libs/libcurl4,libs/libcurl4-bash
usr/share/doc/bash/README                               bash,shells/bash-doc
`;
const downloads = mkdtempSync(join(tmpdir(), "lk-contents-"));
let db: Database;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  await db?.close();
  await rm(downloads, { recursive: true });
});

async function search(query: ContentsQuery, size = 1 << 20): Promise<string[]> {
  const bytes = Buffer.from(CONTENTS);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  const found: string[] = [];
  for await (const { path, packages } of searchContents(Readable.from(chunks), query)) {
    found.push(`${path}: ${packages.join(" ")}`);
  }
  return found.toSorted();
}

for (const [what, query, expected] of [
  ["a path is found whole", { paths: ["/bin/bash"] }, ["bin/bash: bash"]],
  ["before and after the merge of /usr", { paths: ["usr/bin/bash"] }, ["bin/bash: bash"]],
  [
    "a path may hold blanks",
    { paths: ["/etc/with blank in it.conf"] },
    ["etc/with blank in it.conf: foo"],
  ],
  ["stars stay within a folder", { paths: ["usr/*/bash*"] }, ["usr/bin/bash-static: bash-static"]],
  [
    "two stars reach into folders",
    { paths: ["**/libcurl.so*"] },
    ["usr/lib/x86_64-linux-gnu/libcurl.so.4: libcurl4 libcurl4-bash"],
  ],
  [
    "a package has its files, also those it shares",
    { package: "bash" },
    ["bin/bash: bash", "bin/bashbug: bash", "usr/share/doc/bash/README: bash bash-doc"],
  ],
  ["what is only a part is not found", { package: "bas" }, []],
  [
    "two spellings find one file once",
    { paths: ["bin/bash", "/usr/bin/bash"] },
    ["bin/bash: bash"],
  ],
] as const) {
  test(`${what}, wherever the chunks end`, async (t) => {
    t.deepEqual(await search(query), expected);
    for (const size of [1, 7, 100]) t.deepEqual(await search(query, size), expected);
  });
}

async function find(archive: TinyArchive, query: ContentsQuery, limit = 10): Promise<unknown> {
  return findFiles(await findSuite(archive.content.name), query, {
    signal: new AbortController().signal,
    log: silentLog(),
    progress: () => undefined,
    downloads,
    retries: 0,
    limit,
  });
}

test("the Contents of a suite are fetched and searched, also those of packages for all", async (t) => {
  const archive = await tinyArchive({
    architectures: ["all", "amd64"],
    indices: {
      [SOURCES]: source("bash", "1.0"),
      [AMD64]: binary("bash", "1.0"),
      [ALL]: binary("data", "1.0", { Architecture: "all" }),
      "main/Contents-amd64": CONTENTS,
      "main/Contents-all": "usr/share/data/x misc/data\n",
    },
  });
  await configure(archive);
  await importOne(archive.content.name);
  const data = { path: "usr/share/data/x", packages: ["data"] };
  t.deepEqual(await find(archive, { paths: ["/usr/share/data/*"] }), {
    entries: [data],
    more: false,
  });
  t.deepEqual(await find(archive, { package: "data" }), { entries: [data], more: false });
  t.like(await find(archive, { package: "bash" }, 2), { more: true, entries: { length: 2 } });
  t.deepEqual(await find(archive, { package: "unknown" }), { entries: [], more: false });
  await archive.remove();
});

test("Contents of a whole suite serve, and where there are none it is said", async (t) => {
  const indices = { [SOURCES]: source("bash", "1.0"), [AMD64]: binary("bash", "1.0") };
  const archive = await tinyArchive({ indices: { ...indices, "Contents-amd64": CONTENTS } });
  await configure(archive);
  t.deepEqual(await find(archive, { paths: ["/bin/bash"] }), {
    entries: [{ path: "bin/bash", packages: ["bash"] }],
    more: false,
  });
  await archive.publish({ indices });
  const expected = { code: "SUITE_LACKS_CONTENTS" } as never;
  await t.throwsAsync(find(archive, { paths: ["/bin/bash"] }), expected);
  await archive.remove();
});

test("Contents that are not as listed answer nothing", async (t) => {
  const archive = await tinyArchive({
    forms: ["plain"],
    indices: {
      [SOURCES]: source("bash", "1.0"),
      [AMD64]: binary("bash", "1.0"),
      "main/Contents-amd64": CONTENTS,
    },
  });
  await configure(archive);
  await archive.resign((text) =>
    text.replace(/^ [0-9a-f]{64}( \d+ main\/Contents-amd64)$/m, ` ${"0".repeat(64)}$1`),
  );
  await t.throwsAsync(find(archive, { paths: ["/bin/bash"] }), { code: "HASH_MISMATCH" } as never);
  await archive.remove();
});
