import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DownloadOptions } from "../../../../core/modules/archive/download.ts";
import { createDownloadCache } from "../../../../core/modules/archive/download-cache.ts";
import { createFetcher } from "../../../../core/modules/archive/fetch.ts";
import { fetchIndices } from "../../../../core/modules/archive/fetch-indices.ts";
import type { PlannedIndex } from "../../../../core/modules/archive/plan.ts";
import { type Mirror, startMirror } from "../../../support/mirror.ts";

/** So many plain indices in a folder of their own, behind a mirror. */
async function serve(
  t: ExecutionContext,
  count: number,
): Promise<{ due: PlannedIndex[]; mirror: Mirror; options: DownloadOptions }> {
  const folder = mkdtempSync(join(tmpdir(), "lk-indices-"));
  const due: PlannedIndex[] = [];
  for (let number = 0; number < count; number++) {
    const content = Buffer.alloc(20_000, `index ${number}\n`);
    const path = `main/binary-a${number}/Packages`;
    const file = {
      path,
      size: content.length,
      md5: undefined,
      sha1: undefined,
      sha256: createHash("sha256").update(content).digest("hex"),
    };
    await mkdir(dirname(join(folder, "dists/s", path)), { recursive: true });
    await writeFile(join(folder, "dists/s", path), content);
    const forms: PlannedIndex["forms"] = [{ form: "", file }];
    due.push({
      kind: "deb",
      component: "main",
      architecture: `a${number}`,
      path,
      plain: file,
      forms,
    });
  }
  const mirror = await startMirror(folder);
  const { signal } = new AbortController();
  const fetcher = createFetcher({ signal, retries: 0 });
  const cache = createDownloadCache(join(folder, "cache"));
  t.teardown(async () => {
    await fetcher.close();
    await mirror.close();
    await rm(folder, { recursive: true });
  });
  const mirrors = [mirror.url];
  return { due, mirror, options: { fetcher, cache, mirrors, suite: "s", byHash: false, signal } };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  return { promise: new Promise<void>((done) => (resolve = done)), resolve };
}

test("indices are fetched a few at a time and come as they become whole", async (t) => {
  const { due, mirror, options } = await serve(t, 12);
  const gate = deferred();
  let open = 0;
  let most = 0;
  mirror.behave = (path) => {
    most = Math.max(most, ++open);
    return path.includes("binary-a0/") ? { after: gate.promise } : undefined;
  };
  const order: string[] = [];
  for await (const [index, file] of fetchIndices(due, options)) {
    open--;
    order.push(index.architecture);
    // The one that is held back keeps none of the others.
    if (order.length === 11) gate.resolve();
    await file.close();
  }
  t.is(order.length, 12);
  t.is(order.at(-1), "a0");
  t.true(most > 1, `${most} at once`);
});

test("while the taker is busy the others come in", async (t) => {
  const { due, mirror, options } = await serve(t, 8);
  const indices = fetchIndices(due, options);
  const first = await indices.next();
  while (mirror.requests.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
  t.false(first.done);
  await indices.return(undefined);
  if (!first.done) await first.value[1].close();
});

test("when one fails the others are stopped and their files closed", async (t) => {
  const { due, mirror, options } = await serve(t, 12);
  mirror.behave = (path) =>
    path.includes("binary-a5/")
      ? { garble: true }
      : path.includes("a0/")
        ? { stallAfter: 0 }
        : undefined;
  const got: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const [index, file] of fetchIndices(due, options)) {
        got.push(index.architecture);
        await file.close();
      }
    },
    { code: "HASH_MISMATCH" },
  );
  t.false(got.includes("a5"));
});

test("who stops taking, or is stopped, leaves nothing running", async (t) => {
  const { due, mirror, options } = await serve(t, 6);
  mirror.behave = (path) => (path.includes("binary-a0/") ? { stallAfter: 0 } : undefined);
  for await (const [, file] of fetchIndices(due, options)) {
    await file.close();
    break;
  }
  const stop = new AbortController();
  const stopped = (async () => {
    for await (const [, file] of fetchIndices(due, { ...options, signal: stop.signal })) {
      await file.close();
      stop.abort(new Error("enough"));
    }
  })();
  await t.throwsAsync(stopped, { message: "enough" });
});
