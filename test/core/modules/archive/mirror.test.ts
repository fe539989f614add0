import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { type Database } from "../../../../core/database/connect.ts";
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
import { type Mirror, startMirror } from "../../../support/mirror.ts";

let db: Database;
const archives: TinyArchive[] = [];
const mirrors: Mirror[] = [];

test.before(async () => {
  db = await testDatabase();
  setUpArchiveEvents();
});
test.after.always(async () => {
  for (const mirror of mirrors) await mirror.close();
  for (const archive of archives) await archive.remove();
  await db.close();
});

const hasXz = spawnSync("xz", ["--version"]).status === 0;

const MINI = {
  [SOURCES]: index(source("mini", "1.0")),
  [AMD64]: index(...Array.from({ length: 200 }, (_, n) => binary(`mini${n}`, "1.0"))),
};

/** An archive behind so many mirrors, which all serve it well until told otherwise. */
async function make(
  count = 1,
  content: Partial<TinyArchive["content"]> = {},
): Promise<{ archive: TinyArchive; name: string; served: Mirror[] }> {
  const archive = await tinyArchive({ indices: MINI, ...content });
  archives.push(archive);
  const served: Mirror[] = [];
  for (let number = 0; number < count; number++) served.push(await startMirror(archive.folder));
  mirrors.push(...served);
  await configure(archive, {}, { mirrors: served.map((mirror) => mirror.url) });
  return { archive, name: archive.content.name, served };
}

function paths(mirror: Mirror | undefined): string[] {
  return (mirror?.requests ?? []).map(({ path, status }) => `${status} ${path.split("/").at(-1)}`);
}

test("an archive is imported over HTTP, and asked for only if it changed", async (t) => {
  const { archive, name, served } = await make();
  t.like(await importOne(name), { sources: 1, binaries: 200 });
  const [mirror] = served;
  const before = mirror?.requests.length ?? 0;
  t.like(await importOne(name), { indices: 0 });
  t.deepEqual(paths(mirror).slice(before), ["304 InRelease"]);
  await archive.publish({ indices: { ...MINI, [SOURCES]: index(source("mini", "1.1")) } });
  t.like(await importOne(name), { indices: 1, changes: [{ change: "updated", count: 1 }] });
  t.is(paths(mirror).slice(before + 1)[0], "200 InRelease");
});

test("a server that fails once is asked again", async (t) => {
  const { name, served } = await make();
  for (const mirror of served) {
    mirror.behave = (_path, count) => (count === 0 ? { answer: 503 } : undefined);
  }
  t.like(await importOne(name, { retries: 2 }), { sources: 1, binaries: 200 });
});

test("a connection that is cut is tried again, from the start", async (t) => {
  const { name, served } = await make();
  for (const mirror of served) {
    mirror.behave = (_path, count) => (count === 0 ? { cutAfter: 300 } : undefined);
  }
  t.like(await importOne(name, { retries: 2 }), { sources: 1, binaries: 200 });
});

test("a slow server is waited for", async (t) => {
  const { name, served } = await make();
  for (const mirror of served) mirror.behave = () => ({ slowly: 500, pauseMs: 2 });
  t.like(await importOne(name), { sources: 1, binaries: 200 });
});

test("redirections are followed, but not for ever", async (t) => {
  const { name, served } = await make(2);
  const [first, second] = served;
  if (first === undefined || second === undefined) throw new Error("no mirrors");
  first.behave = (path) => ({ redirect: `${second.url}${path}` });
  t.like(await importOne(name), { sources: 1 });
  first.behave = (path) => ({ redirect: `${first.url}${path}` });
  second.behave = () => ({ answer: 500 });
  await t.throwsAsync(importOne(name), { code: "MIRROR_UNREACHABLE" });
});

for (const [what, behaviour, code, message] of [
  ["always fails", { answer: 500 }, "MIRROR_UNREACHABLE", /InRelease: the server answers 500/],
  ["refuses", { answer: 403 }, "MIRROR_UNREACHABLE", /InRelease: the server answers 403/],
  ["has nothing", { answer: 404 }, "RELEASE_MISSING", /has neither InRelease nor Release/],
  ["always cuts", { cutAfter: 100 }, "MIRROR_UNREACHABLE", /Cannot fetch http/],
  [
    "says nothing",
    { stallAfter: 0 },
    "MIRROR_UNREACHABLE",
    /Cannot fetch http.*(it stopped midway|Timeout)/,
  ],
  ["sends rubbish", { garble: true }, "BAD_SIGNATURE", /it is not signed/],
  ["sends a login page", { instead: Buffer.from("<html>") }, "BAD_SIGNATURE", /it is not signed/],
] as const) {
  test(`a mirror that ${what} is a clear error, and nothing is stored`, async (t) => {
    const { name, served } = await make();
    for (const mirror of served) mirror.behave = () => behaviour;
    // Only silence is measured with little patience: a busy machine must not look silent.
    const patienceMs = "stallAfter" in behaviour ? 300 : 60_000;
    await t.throwsAsync(importOne(name, { patienceMs }), { code, message });
    t.deepEqual(await eventsOf(name), []);
  });
}

test("an index that is cut, garbled or missing is a clear error", async (t) => {
  for (const [behaviour, code] of [
    [{ cutAfter: 50, ranges: "ignored" }, "MIRROR_UNREACHABLE"],
    [{ garble: true }, "HASH_MISMATCH"],
    [{ answer: 404 }, "INDEX_MISSING"],
    [{ instead: Buffer.from("short") }, "SIZE_MISMATCH"],
    [{ instead: Buffer.alloc(1_000_000) }, "SIZE_MISMATCH"],
  ] as const) {
    const { name, served } = await make();
    for (const mirror of served) {
      mirror.behave = (path) => (path.includes("Packages") ? behaviour : undefined);
    }
    await t.throwsAsync(importOne(name), { code });
    t.deepEqual(await eventsOf(name), []);
  }
});

test("nobody at the address is a clear error", async (t) => {
  const { archive, name } = await make();
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  await configure(archive, {}, { mirrors: [`http://127.0.0.1:${port}/debian`] });
  await t.throwsAsync(importOne(name), {
    code: "MIRROR_UNREACHABLE",
    message: new RegExp(`Cannot fetch http://127.0.0.1:${port}/debian/dists/${name}/InRelease: .*`),
  });
});

test("a password in the address is used and never shown", async (t) => {
  const { archive, name, served } = await make();
  const url = served[0]?.url.replace("http://", "http://user:s%40cret@") ?? "";
  await configure(archive, {}, { mirrors: [url] });
  t.like(await importOne(name), { sources: 1 });
  const header = served[0]?.requests[0]?.headers.authorization;
  t.is(header, `Basic ${Buffer.from("user:s@cret").toString("base64")}`);
  for (const mirror of served) mirror.behave = () => ({ answer: 401 });
  const error = await t.throwsAsync(importOne(name));
  t.false(error?.message.includes("cret"), error?.message);
});

test("when the first mirror is down the next one is used", async (t) => {
  const { name, served } = await make(2);
  if (served[0] !== undefined) served[0].behave = () => ({ answer: 500 });
  t.like(await importOne(name), { sources: 1, binaries: 200 });
});

test("when one mirror is altered or stale the next one is used", async (t) => {
  const { archive, name, served } = await make(2);
  await importOne(name);
  const stale = await readFile(join(archive.folder, "dists", name, "InRelease"));
  await archive.publish({ indices: { ...MINI, [SOURCES]: index(source("mini", "1.1")) } });
  await importOne(name);
  await archive.publish({ indices: { ...MINI, [SOURCES]: index(source("mini", "1.2")) } });
  const [first] = served;
  if (first === undefined) throw new Error("no mirror");
  first.behave = (path) => (path.endsWith("InRelease") ? { instead: stale } : undefined);
  t.like(await importOne(name), { changes: [{ change: "updated", count: 1 }] });
});

test("when the first mirror has a broken index the next one's is used", async (t) => {
  const { name, served } = await make(2);
  const [first] = served;
  if (first === undefined) throw new Error("no mirror");
  first.behave = (path) => (path.includes("Packages") ? { garble: true } : undefined);
  t.like(await importOne(name), { sources: 1, binaries: 200 });
});

test("indices are fetched by hash where that is offered, so that an update cannot mix in", async (t) => {
  const { name, served } = await make(1, { acquireByHash: true });
  for (const mirror of served) {
    mirror.behave = (path) =>
      /(Packages|Sources)[^/]*$/.test(path) ? { garble: true } : undefined;
  }
  t.like(await importOne(name), { sources: 1, binaries: 200 });
  t.true(served[0]?.requests.some(({ path }) => path.includes("/by-hash/SHA256/")));
});

test("a mirror without the files by hash is asked for them by name", async (t) => {
  const { name, served } = await make(1, { acquireByHash: true });
  for (const mirror of served) {
    mirror.behave = (path) => (path.includes("/by-hash/") ? { answer: 404 } : undefined);
  }
  t.like(await importOne(name), { sources: 1, binaries: 200 });
});

test("the smallest form is fetched; without it the next, at last the plain one", async (t) => {
  const { archive, name, served } = await make();
  for (const [forms, best] of [
    [["plain"], "Sources"],
    [["plain", "gz"], "Sources.gz"],
    // Where xz is not installed the test archive has none.
    [["plain", "gz", "xz"], hasXz ? "Sources.xz" : "Sources.gz"],
  ] as const) {
    const version = `1.${forms.length}`;
    await archive.publish({ forms, indices: { ...MINI, [SOURCES]: source("mini", version) } });
    const before = served[0]?.requests.length ?? 0;
    t.like(await importOne(name), { sources: 1 });
    const fetched = paths(served[0]).slice(before);
    t.deepEqual(
      fetched.filter((path) => path.includes("Sources")),
      [`200 ${best}`],
    );
  }
});

test("a scheduled import that begins to fail tells people once, and again when it works", async (t) => {
  const { archive, name, served } = await make();
  await runImport([name], {}, "schedule");
  for (const mirror of served) mirror.behave = () => ({ answer: 500 });
  for (let time = 0; time < 3; time++) await runImport([name], {}, "schedule");
  const failed = (await eventsOf(name)).slice(1);
  t.deepEqual(
    failed.map((event) => event.tag),
    ["_lk.archive.import-failed"],
  );
  t.like(failed[0]?.data, { repo: name, suite: name, code: "MIRROR_UNREACHABLE" });
  for (const mirror of served) mirror.behave = () => undefined;
  await runImport([name], {}, "schedule");
  await archive.publish();
  await runImport([name], {}, "schedule");
  t.deepEqual(
    (await eventsOf(name)).slice(2).map((event) => event.tag),
    ["_lk.archive.import-recovered"],
  );
});

test("an import by hand that fails answers who asked and tells nobody else", async (t) => {
  const { name, served } = await make();
  for (const mirror of served) mirror.behave = () => ({ answer: 500 });
  const [outcome] = await runImport([name], {}, "cli");
  t.true(outcome !== undefined && "error" in outcome);
  t.deepEqual(await eventsOf(name), []);
  t.is(
    (
      await db.query(
        "select 1 from import_run r join suite s on s.id = r.suite_id where s.name = $1 and outcome = 'failed'",
        [name],
      )
    ).length,
    1,
  );
});

test("one suite that fails does not keep the others back", async (t) => {
  const [bad, good] = [await make(), await make()];
  for (const mirror of bad.served) mirror.behave = () => ({ answer: 500 });
  const outcomes = await runImport([bad.name, good.name]);
  t.deepEqual(
    outcomes.map((outcome) => "error" in outcome),
    [true, false],
  );
});
