import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import { build } from "esbuild";
import { readBundle, runBundle, writeBundle } from "../../../../core/cli/launch/bundle.ts";
import { mapStacks } from "../../../../core/cli/launch/map-stacks.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-bundle-"));
test.after.always(() => rmSync(folder, { recursive: true }));

/** What the bundles of this test leave behind. */
const left = globalThis as { bundleSays?: unknown };
const CODE = `(function (require, moduleUrl) {
  globalThis.bundleSays = [moduleUrl, require("node:path").basename("a/b")];
})`;

test.serial("a bundle runs with what V8 compiled of it, and gets its own place", (t) => {
  const file = join(folder, "one.bundle");
  const script = runBundle({ file, code: CODE, compiled: undefined });
  writeBundle({ file, code: CODE, compiled: script.createCachedData() });
  const bundle = readBundle(file, []);
  t.is(bundle?.code, CODE);
  delete left.bundleSays;
  t.is(bundle && runBundle(bundle).cachedDataRejected, false);
  t.deepEqual(left.bundleSays, [pathToFileURL(file).href, "b"]);
});

test.serial("what another V8 compiled is compiled anew", (t) => {
  delete left.bundleSays;
  const bundle = { file: join(folder, "two"), code: CODE, compiled: Buffer.alloc(64, 1) };
  t.true(runBundle(bundle).cachedDataRejected);
  t.not(left.bundleSays, undefined);
});

test("a bundle older than what it is made of is not taken", (t) => {
  const file = join(folder, "three.bundle");
  const source = join(folder, "source");
  const at = new Date("2026-01-01T00:00:00Z");
  writeBundle({ file, code: CODE, compiled: undefined });
  writeFileSync(source, "");
  utimesSync(file, at, at);
  utimesSync(source, at, at);
  t.not(readBundle(file, [source, join(folder, "not there")]), undefined);
  utimesSync(source, at, new Date(at.getTime() + 1));
  t.is(readBundle(file, [source]), undefined);
  t.is(readBundle(join(folder, "no bundle"), []), undefined);
});

test.serial("stacks name the lines of the sources", async (t) => {
  const source = join(folder, "thrower.ts");
  const file = join(folder, "thrower.bundle");
  writeFileSync(
    source,
    "interface Unused {\n  a: 1;\n}\n\nfail();\n\nfunction fail() {\n  throw new Error('here');\n}\n",
  );
  const { outputFiles } = await build({
    entryPoints: [source],
    outfile: file,
    write: false,
    sourcemap: "external",
    minifyWhitespace: true,
    format: "cjs",
    banner: { js: "(function () {" },
    footer: { js: "})" },
  });
  for (const { path, text } of outputFiles) writeFileSync(path, text);
  const code = outputFiles.find(({ path }) => path === file)?.text ?? "";
  const before = Error.prepareStackTrace;
  try {
    mapStacks(file);
    const thrown = t.throws(() => runBundle({ file, code, compiled: undefined }));
    t.regex(thrown.stack ?? "", /^Error: here\n {4}at fail \(\S*thrower\.ts:8:9\)\n/);
    t.regex(thrown.stack ?? "", /bundle\.test/, "frames of other files stay");
  } finally {
    Error.prepareStackTrace = before;
  }
});
