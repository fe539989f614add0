import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { downloadIndex, type IndexFile } from "../../../../core/modules/archive/download.ts";
import { createDownloadCache } from "../../../../core/modules/archive/download-cache.ts";
import { createFetcher } from "../../../../core/modules/archive/fetch.ts";
import type { PlannedIndex } from "../../../../core/modules/archive/plan.ts";
import { eventually } from "../../../support/eventually.ts";
import { type Mirror, startMirror } from "../../../support/mirror.ts";

const SIZE = 2_000_000;

interface Scene {
  content: Buffer;
  sha256: string;
  index: PlannedIndex;
  mirror: Mirror;
  cache: string;
  download(retries?: number, largest?: number): Promise<IndexFile>;
  /** Bytes of the index that left the mirror. */
  sent(): number;
}

/** An index of random bytes behind a mirror, and a folder for downloads. */
async function scene(t: ExecutionContext, size = SIZE): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "lk-download-"));
  const cache = join(folder, "cache");
  const content = randomBytes(size);
  const sha256 = createHash("sha256").update(content).digest("hex");
  await mkdir(join(folder, "dists/s"), { recursive: true });
  await writeFile(join(folder, "dists/s/Packages"), content);
  const mirror = await startMirror(folder);
  const { signal } = new AbortController();
  t.teardown(async () => {
    await mirror.close();
    await rm(folder, { recursive: true });
  });
  const index = plannedIndex(sha256, size);
  return {
    content,
    sha256,
    index,
    mirror,
    cache,
    async download(retries = 3, largest) {
      const fetcher = createFetcher({ signal, retries, pauseMs: 5 });
      const options = { mirrors: [mirror.url], suite: "s", byHash: false, signal };
      try {
        const downloads = createDownloadCache(cache, largest);
        return await downloadIndex(index, { fetcher, cache: downloads, ...options });
      } finally {
        await fetcher.close();
      }
    },
    sent: () => mirror.requests.reduce((sum, request) => sum + request.sent, 0),
  };
}

function plannedIndex(sha256: string, size: number): PlannedIndex {
  const file = { path: "Packages", size, md5: undefined, sha1: undefined, sha256 };
  const facts = { kind: "deb" as const, component: "main", architecture: "amd64" };
  return { ...facts, path: "Packages", plain: file, forms: [{ form: "", file }] };
}

async function contentOf(file: IndexFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.content()) chunks.push(chunk);
  await file.close();
  return Buffer.concat(chunks);
}

test("a mirror that is killed 50 times at random sends little more than the file", async (t) => {
  const made = await scene(t);
  made.mirror.behave = (_path, count) =>
    count < 50 ? { dieAfter: 1 + Math.floor(Math.random() * (SIZE / 60)) } : undefined;
  t.true((await contentOf(await made.download())).equals(made.content));
  t.true(made.mirror.requests.length > 50);
  t.true(made.sent() < SIZE * 1.1, `${made.sent()} bytes`);
});

test("a download that is killed with -9 again and again is gone on with", async (t) => {
  const made = await scene(t);
  const program = fileURLToPath(new URL("download-child.js", import.meta.url));
  // All fifty, a third of a minute, with LK_FULL=1.
  const kills = process.env["LK_FULL"] === "1" ? 50 : 4;
  for (let kill = 1; kill <= kills; kill++) {
    const step = Math.floor((Math.random() * SIZE) / kills);
    made.mirror.behave = () => ({ stallAfter: step });
    const has = await longest(made.cache);
    const args = [program, made.mirror.url, made.cache, made.sha256, String(SIZE)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
    const exited = once(child, "exit");
    await eventually(
      async () => (await longest(made.cache)) === has + step,
      `${step} more bytes are there`,
    );
    child.kill("SIGKILL");
    await exited;
  }
  made.mirror.behave = () => undefined;
  t.true((await contentOf(await made.download())).equals(made.content));
  t.is(made.sent(), SIZE);
  t.deepEqual(await readdir(made.cache), [made.sha256]);
});

/** Of what is there: the one that was left, and the copy of it that is gone on with. */
async function longest(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(sizes)));
}

test("a whole download is not fetched again, unless the disk spoilt it", async (t) => {
  const made = await scene(t);
  await (await made.download()).close();
  t.is((await stat(made.cache)).mode & 0o777, 0o700);
  t.is((await stat(join(made.cache, made.sha256))).mode & 0o777, 0o600);
  t.true((await contentOf(await made.download())).equals(made.content));
  t.is(made.mirror.requests.length, 1);
  await writeFile(join(made.cache, made.sha256), made.content.fill(0, 0, 9));
  t.is((await contentOf(await made.download())).length, SIZE);
  t.is(made.mirror.requests.length, 2);
});

test("a part that is whole already is not fetched, and one that is spoilt is fetched again", async (t) => {
  const made = await scene(t);
  await mkdir(made.cache);
  const part = join(made.cache, `${made.sha256}.left.part`);
  await writeFile(part, made.content);
  t.true((await contentOf(await made.download())).equals(made.content));
  t.is(made.mirror.requests.length, 0);
  await rm(made.cache, { recursive: true });
  await mkdir(made.cache);
  for (const length of [1_000_000, SIZE, SIZE + 1]) {
    await writeFile(part, Buffer.alloc(length, 7));
    t.true((await contentOf(await made.download())).equals(made.content));
    await rm(join(made.cache, made.sha256));
  }
});

test("downloads of the same file at once do not get into each other's way", async (t) => {
  const made = await scene(t);
  made.mirror.behave = (_path, count) => (count % 3 === 0 ? { cutAfter: 700_000 } : undefined);
  const files = await Promise.all(Array.from({ length: 8 }, () => made.download()));
  for (const file of files) t.true((await contentOf(file)).equals(made.content));
  t.deepEqual(
    (await readdir(made.cache)).filter((name) => name === made.sha256),
    [made.sha256],
  );
});

test("the downloads used longest ago go when there is no room", async (t) => {
  const made = await scene(t);
  await mkdir(made.cache);
  for (const [name, age] of [
    ["oldest", 3000],
    ["middle", 2000],
    ["newest", 1000],
  ] as const) {
    await writeFile(join(made.cache, name), Buffer.alloc(1_000_000));
    const then = Date.now() / 1000 - age;
    await utimes(join(made.cache, name), then, then);
  }
  const file = await made.download(0, 4_500_000);
  t.deepEqual((await readdir(made.cache)).toSorted(), [made.sha256, "middle", "newest"].toSorted());
  // Who reads a file keeps it although its name is gone.
  await rm(made.cache, { recursive: true });
  t.true((await contentOf(file)).equals(made.content));
});

test("a folder that cannot be used is a clear error, and no mirror is blamed for it", async (t) => {
  const made = await scene(t, 1000);
  await writeFile(made.cache, "a file");
  await t.throwsAsync(made.download(), {
    code: "DOWNLOADS_UNUSABLE",
    message: new RegExp(`^Cannot keep downloads in ${made.cache}: `),
  });
  t.is(await readFile(made.cache, "utf8"), "a file");
  t.deepEqual(made.mirror.requests, []);
});
