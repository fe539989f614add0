import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Database } from "../../../../core/database/connect.ts";
import { OperatorError } from "../../../../core/errors.ts";
import type { ImportOptions, ImportResult } from "../../../../core/modules/archive/store-suite.ts";
import {
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
import { type Behaviour, type Mirror, startMirror } from "../../../support/mirror.ts";

/**
 * Each test has a suite that was imported once and has changed since; then its mirror misbehaves.
 * What fails must leave every row as it was and a clear error, and a mirror that is well again must
 * bring the change, with whatever the failed run left of its downloads.
 */
let db: Database;

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(() => db.close());

interface Scene {
  archive: TinyArchive;
  name: string;
  mirror: Mirror;
  /** What the mirror said before the change. */
  old: Map<string, Buffer>;
  import(options?: Partial<ImportOptions>): Promise<ImportResult>;
}

function packages(version: string): string {
  return index(...Array.from({ length: 300 }, (_, n) => binary(`mini${n}`, version)));
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const indices = { [SOURCES]: index(source("mini", "1.0")), [AMD64]: packages("1.0") };
  const archive = await tinyArchive({ indices, forms: ["plain"] });
  const mirror = await startMirror(archive.folder);
  const { name } = archive.content;
  const downloads = mkdtempSync(join(tmpdir(), "lk-scene-"));
  t.teardown(async () => {
    await mirror.close();
    await archive.remove();
    await rm(downloads, { recursive: true, force: true });
  });
  await configure(archive, {}, { mirrors: [mirror.url] });
  await importOne(name);
  const old = new Map<string, Buffer>();
  for (const file of ["InRelease", SOURCES, AMD64]) {
    old.set(file, await readFile(join(archive.folder, "dists", name, file)));
  }
  await archive.publish({ indices: { ...indices, [AMD64]: packages("1.1") } });
  return {
    archive,
    name,
    mirror,
    old,
    import: (options = {}) => importOne(name, { retries: 1, downloads, ...options }),
  };
}

/** All rows of a suite with the transactions that wrote them, in short. */
async function fingerprint(name: string): Promise<unknown> {
  return db.query(
    `with wanted as (select * from suite where name = $1),
          indices as (select i.* from archive_index i join wanted s on s.id = i.suite_id),
          rows as (
      select 'suite' as kind, s.imported_at || ' ' || s.release_date as content from wanted s
      union all select 'index', i::text from indices i
      union all select 'source', p.xmin || p.ctid::text || p.version
        from source_package p join indices i on i.id = p.index_id
      union all select 'binary', p.xmin || p.ctid::text || p.version
        from binary_package p join indices i on i.id = p.index_id
      union all select 'release', r.content::text
        from suite_release r join wanted s on s.id = r.suite_id
      union all select 'run', r.id::text
        from import_run r join wanted s on s.id = r.suite_id where r.outcome <> 'failed'
      union all select 'change', c.id::text
        from archive_change c join wanted s on s.id = c.suite_id
      union all select 'event', e.id::text from event e where e.data ->> 'suite' = $1
    )
    select kind, count(*)::integer as rows, md5(string_agg(content, ' ' order by content)) as hash
      from rows group by kind order by kind`,
    [name],
  );
}

async function failsCleanly(
  t: ExecutionContext,
  { name, import: importIt, mirror }: Scene,
  options: Partial<ImportOptions> = {},
): Promise<OperatorError> {
  const before = await fingerprint(name);
  const error = await t.throwsAsync(importIt(options), { instanceOf: OperatorError });
  t.deepEqual(await fingerprint(name), before);
  t.truthy(error?.hint);
  mirror.behave = () => undefined;
  t.like(await importIt(), CHANGED);
  if (error === undefined) throw new Error("it did not fail");
  return error;
}

const CHANGED = { binaries: 300, changes: [{ change: "updated", count: 300 }] };
const isIndex = (path: string): boolean => path.endsWith("/Packages");

const FAILURES: [string, Behaviour, string, RegExp][] = [
  [
    "cuts every answer and cannot resume",
    { cutAfter: 9000, ranges: "ignored" },
    "MIRROR_UNREACHABLE",
    /Packages: /,
  ],
  ["says the file is longer than it is", { says: 999_999 }, "SIZE_MISMATCH", /has 999999 bytes/],
  ["says the file is shorter than it is", { says: 5000 }, "SIZE_MISMATCH", /has 5000 bytes/],
  [
    "tells no length and sends too little",
    { chunked: true, instead: Buffer.alloc(50) },
    "SIZE_MISMATCH",
    /has 50 bytes, but the Release lists \d+/,
  ],
  ["never ends", { chunked: true, endless: true }, "SIZE_MISMATCH", /has more than \d+ bytes/],
  ["sends garbage of the right length", { garble: true }, "HASH_MISMATCH", /SHA256 differs/],
  ["has no index", { answer: 404 }, "INDEX_MISSING", /No mirror has .*Packages/],
  ["always is busy", { answer: 503 }, "MIRROR_UNREACHABLE", /answers 503/],
  ["refuses", { answer: 403 }, "MIRROR_UNREACHABLE", /answers 403/],
  ["sends a part unasked", { answer: 206 }, "MIRROR_UNREACHABLE", /answers 206/],
  [
    "falls silent midway",
    { stallAfter: 5000, ranges: "ignored" },
    "MIRROR_UNREACHABLE",
    /it stopped midway/,
  ],
  ["trickles", { slowly: 1, pauseMs: 20 }, "MIRROR_UNREACHABLE", /less than 1 kB a second/],
  [
    "moves in circles",
    { redirect: "Packages" },
    "MIRROR_UNREACHABLE",
    /: Redirect loop detected\.$/,
  ],
];

for (const [what, behaviour, code, message] of FAILURES) {
  test(`a mirror that ${what}: a clear error, nothing stored, and the next run completes`, async (t) => {
    const made = await scene(t);
    made.mirror.behave = (path) => (isIndex(path) ? behaviour : undefined);
    // Only silence is measured with little patience: a busy machine must not look silent.
    const patienceMs = /silent|trickles/.test(what) ? 2000 : 60_000;
    const error = await failsCleanly(t, made, { patienceMs, retries: 0 });
    t.is(error.code, code);
    t.regex(error.message, message);
  });
}

const RECOVERIES: [string, (count: number) => Behaviour | undefined][] = [
  ["cuts at random places", () => ({ cutAfter: 1 + Math.floor(Math.random() * 30_000) })],
  ["tells no length", () => ({ chunked: true })],
  [
    "sends everything again when asked for a part",
    (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "ignored" }),
  ],
  ["refuses parts", (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "refused" })],
  [
    "sends another part than the one asked for",
    (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "shifted" }),
  ],
  ["sends less than the rest", (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "cut short" })],
  [
    "sends a part of a file of another size",
    (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "of another file" }),
  ],
  [
    "does not say which part it sends",
    (n) => (n === 0 ? { cutAfter: 9000 } : { ranges: "unlabelled" }),
  ],
  [
    "sent garbage before it was cut",
    (n) => (n === 0 ? { cutAfter: 9000, garble: true } : undefined),
  ],
  ["is busy for a moment", (n) => (n === 0 ? { answer: 503 } : undefined)],
  [
    "asks for a second of rest",
    (n) => (n === 0 ? { answer: 429, headers: { "retry-after": "1" } } : undefined),
  ],
  [
    "asks for rest until a time that is over",
    (n) =>
      n === 0
        ? { answer: 503, headers: { "retry-after": "Sat, 01 Aug 2026 00:00:00 GMT" } }
        : undefined,
  ],
  ["gets the index after its InRelease", (n) => (n === 0 ? { answer: 404 } : undefined)],
];

for (const [what, behaviour] of RECOVERIES) {
  test(`a mirror that ${what} is borne with`, async (t) => {
    const made = await scene(t);
    made.mirror.behave = (path, count) => (isIndex(path) ? behaviour(count - 1) : undefined);
    t.like(await made.import({ retries: 2 }), CHANGED);
  });
}

test("a server that asks for more rest than we have is left alone at once", async (t) => {
  const made = await scene(t);
  const { mirror } = made;
  mirror.behave = (path) =>
    isIndex(path) ? { answer: 503, headers: { "retry-after": "3600" } } : undefined;
  const before = mirror.requests.length;
  const error = await failsCleanly(t, made, { retries: 5 });
  t.regex(error.message, /answers 503 and asks to come back in 1h/);
  const asked = mirror.requests.slice(before).filter(({ status }) => status === 503);
  t.is(asked.length, 1);
});

test("an endless index is not read to its end", async (t) => {
  const made = await scene(t);
  const { mirror } = made;
  mirror.behave = (path) => (isIndex(path) ? { chunked: true, endless: true } : undefined);
  await failsCleanly(t, made, { retries: 0 });
  const sent = mirror.requests.reduce((sum, request) => sum + request.sent, 0);
  t.true(sent < 20_000_000, `${sent} bytes`);
});

/** Serves the index of before the change beside its new InRelease, so many times. */
function staleFor({ mirror, old }: Scene, times: number): void {
  const stale = old.get(AMD64);
  if (stale === undefined) throw new Error("nothing old");
  let asked = 0;
  mirror.behave = (path) => (isIndex(path) && asked++ < times ? { instead: stale } : undefined);
}

test("a stale index beside a new InRelease is waited for, with both asked for again", async (t) => {
  const made = await scene(t);
  const { mirror } = made;
  staleFor(made, 2);
  const before = mirror.requests.length;
  const steps: string[] = [];
  t.like(await made.import({ retries: 2, progress: ({ step }) => steps.push(step) }), CHANGED);
  const asked = mirror.requests.slice(before).map(({ path }) => path.split("/").at(-1));
  t.is(asked.filter((name) => name === "InRelease").length, 3);
  t.true(steps.some((step) => step.includes("waiting, its mirror is being updated")));
});

test("a stale index that stays is an error that says just that", async (t) => {
  const made = await scene(t);
  staleFor(made, 1000);
  const error = await failsCleanly(t, made, { retries: 2 });
  t.regex(error.code, /^(HASH|SIZE)_MISMATCH$/);
  t.regex(error.message, /InRelease was fetched 2 times more within .*, and they still do not fit/);
  t.regex(error.hint ?? "", /being updated/);
});

test("a stale mirror is no error while another one is up to date", async (t) => {
  const made = await scene(t);
  const good = await startMirror(made.archive.folder);
  t.teardown(() => good.close());
  await configure(made.archive, {}, { mirrors: [made.mirror.url, good.url] });
  staleFor(made, 1000);
  t.like(await made.import({ retries: 0 }), CHANGED);
  // Its InRelease alone may be behind, too.
  await made.archive.publish({
    indices: { ...made.archive.content.indices, [AMD64]: packages("1.2") },
  });
  const release = made.old.get("InRelease") ?? Buffer.alloc(0);
  made.mirror.behave = (path) => (path.endsWith("InRelease") ? { instead: release } : undefined);
  t.like(await made.import({ retries: 0 }), CHANGED);
});

test("a stale index of a file: archive is told from a publisher's fault", async (t) => {
  const made = await scene(t);
  await configure(made.archive, {}, { mirrors: [made.archive.url] });
  const file = join(made.archive.folder, "dists", made.name, AMD64);
  const fresh = await readFile(file);
  // As long as the new one, so that only its content tells.
  await writeFile(file, made.old.get(AMD64) ?? "");
  const before = await fingerprint(made.name);
  await t.throwsAsync(made.import({ retries: 1 }), {
    code: "HASH_MISMATCH",
    message: /file:.*Packages is not the file that the Release lists.* still do not fit/,
  });
  t.deepEqual(await fingerprint(made.name), before);
  await writeFile(file, fresh);
  t.like(await made.import(), CHANGED);
});

test("a mirror that failed is asked last for the rest of the run", async (t) => {
  const made = await scene(t);
  const good = await startMirror(made.archive.folder);
  t.teardown(() => good.close());
  await configure(made.archive, {}, { mirrors: [made.mirror.url, good.url] });
  made.mirror.behave = () => ({ answer: 500 });
  const before = made.mirror.requests.length;
  t.like(await made.import({ retries: 1 }), CHANGED);
  t.deepEqual(
    made.mirror.requests.slice(before).map(({ path }) => path.split("/").at(-1)),
    ["InRelease", "InRelease"],
  );
});

test("what one mirror began another one ends", async (t) => {
  const made = await scene(t);
  const good = await startMirror(made.archive.folder);
  t.teardown(() => good.close());
  await configure(made.archive, {}, { mirrors: [made.mirror.url, good.url] });
  made.mirror.behave = (path, count) =>
    isIndex(path) ? (count === 1 ? { cutAfter: 60_000 } : { answer: 500 }) : undefined;
  t.like(await made.import({ retries: 0 }), CHANGED);
  t.deepEqual(
    good.requests.map(({ status, headers }) => [status, headers.range]),
    [[206, "bytes=60000-"]],
  );
});

test("a name that nobody knows, and a certificate of nobody, are clear errors", async (t) => {
  const made = await scene(t);
  await configure(made.archive, {}, { mirrors: ["http://no-such-host.invalid/debian"] });
  await t.throwsAsync(made.import(), {
    code: "MIRROR_UNREACHABLE",
    message: /Cannot fetch http:\/\/no-such-host\.invalid\/.*no-such-host\.invalid\./,
  });
  const secure = made.mirror.url.replace("http:", "https:");
  await configure(made.archive, {}, { mirrors: [secure] });
  await t.throwsAsync(made.import(), {
    code: "MIRROR_UNREACHABLE",
    message: /Cannot fetch https:/,
  });
});

test("a server whose certificate nobody vouches for is not trusted", async (t) => {
  const made = await scene(t);
  const pair = selfSigned(made.archive.folder);
  if (pair === undefined) {
    t.pass("openssl is not installed");
    return;
  }
  const secure = await startMirror(made.archive.folder, pair);
  t.teardown(() => secure.close());
  await configure(made.archive, {}, { mirrors: [secure.url] });
  await t.throwsAsync(made.import({ retries: 3 }), {
    code: "MIRROR_UNREACHABLE",
    message: /Cannot fetch https:.*self-signed certificate/,
  });
  t.deepEqual(secure.requests, []);
});

function selfSigned(folder: string): { key: string; cert: string } | undefined {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    "rsa:2048",
    "-subj",
    "/CN=mirror.example.org",
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  if (made.status !== 0) return undefined;
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
