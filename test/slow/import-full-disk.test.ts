import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import test from "ava";

/**
 * The disk of the database fills up during an import: the import says so, the suite stays as it
 * was, and the next import, when there is room, completes. The disk is a file system in memory,
 * mounted in a namespace of its own, which needs no rights where the kernel lets users make them.
 */
const folder = mkdtempSync(join(tmpdir(), "lk-full-disk-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const MOUNT = 'mount -t tmpfs -o size=250m,mode=700 lk-full-disk "$0" && exec "$@"';
const NAMESPACE = ["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, folder];

interface Ended {
  status: number;
  out: string;
  err: string;
}

test("a full disk is told, leaves the suite as it was, and is got over", async (t) => {
  t.timeout(240_000);
  if (spawnSync("unshare", [...NAMESPACE, "true"]).status !== 0) {
    return t.log("skipped: this kernel lets us make no namespaces to mount a small disk in");
  }
  const child = [process.execPath, resolve("dist/test/slow/import-full-disk-child.js"), folder];
  const { stdout } = await promisify(execFile)("unshare", [...NAMESPACE, ...child]);
  const [applied, first, full, old, again, fresh] = JSON.parse(stdout) as Ended[];
  t.is(applied?.status, 0, applied?.err);
  t.is(first?.status, 0, first?.err);
  t.is(full?.status, 1);
  t.regex(full?.err ?? "", /^lk: The disk of the database is full: .*No space left on device/);
  t.regex(old?.out ?? "", /"1\.0"/, old?.err);
  t.notRegex(old?.out ?? "", /"2\.0"/);
  t.is(again?.status, 0, again?.err);
  t.regex(fresh?.out ?? "", /"2\.0"/, fresh?.err);
});
