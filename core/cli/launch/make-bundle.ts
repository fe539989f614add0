import { writeFileSync } from "node:fs";
import { build } from "esbuild";
import { BUNDLE_PARAMETERS, runBundle, writeBundle } from "./bundle.ts";
import { BUNDLE, PROGRAM } from "./places.ts";

/**
 * Bundles the compiled program for `start.ts`, after `tsc`. It is tried at once: a bundle that
 * cannot tell its version is none, and only what has run is kept compiled.
 */
const EXTERNAL = [
  // Not for commands: what starts the long-running parts.
  "./lk-parts.js",
  // Native, or with files beside them that they look for.
  "fs-native-extensions",
  "matrix-bot-sdk",
  "pino",
  "sodium-native",
  "zeromq",
  // Never installed here: what libraries can do without.
  "pg-hstore",
  "pg-native",
];

const { outputFiles } = await build({
  entryPoints: [PROGRAM],
  outfile: BUNDLE,
  write: false,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: EXTERNAL,
  banner: { js: `(function (${BUNDLE_PARAMETERS.join(", ")}) {` },
  footer: { js: "})" },
  define: { "import.meta.url": "moduleUrl" },
  // Names stay: a stack should tell something.
  minifyWhitespace: true,
  sourcemap: "external",
  sourcesContent: false,
});
const code = toAscii(outputFiles.find(({ path }) => path === BUNDLE)?.text ?? "");
const map = outputFiles.find(({ path }) => path.endsWith(".map"))?.text ?? "";

process.argv = [process.execPath, BUNDLE, "version"];
const script = runBundle({ file: BUNDLE, code, compiled: undefined });
process.once("beforeExit", () => {
  if (process.exitCode !== undefined && process.exitCode !== 0) return;
  writeFileSync(`${BUNDLE}.map`, map);
  writeBundle({ file: BUNDLE, code, compiled: script.createCachedData() });
});

/** V8 keeps ASCII in half the memory. esbuild leaves regular expressions as they are. */
function toAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit, at: number) => {
    if (text[at - 1] === "\\") throw new Error(`cannot write ${unit} as ASCII behind a backslash`);
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
