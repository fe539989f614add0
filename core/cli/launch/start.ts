import { PARTS } from "../parts.ts";
import { readBundle, runBundle } from "./bundle.ts";
import { mapStacks } from "./map-stacks.ts";
import { BUNDLE, MADE_OF, PROGRAM } from "./places.ts";

/**
 * Starts lk. What is typed comes from the bundle, as long as that is made of what is installed;
 * the long-running parts are modules: they start seldom, and begin threads from files of their own.
 */
const startsPart = process.argv.slice(2).some((word) => Object.hasOwn(PARTS, word));
const bundle = startsPart ? undefined : readBundle(BUNDLE, MADE_OF);
if (bundle === undefined) {
  process.setSourceMapsEnabled(true);
  await import(PROGRAM);
} else {
  // Node 21 has it. Without, pg looks for Cloudflare's by a Response, and loads Node's fetch for it.
  if (!("navigator" in globalThis)) {
    Object.assign(globalThis, { navigator: { userAgent: `Node.js/${process.versions.node}` } });
  }
  mapStacks(bundle.file);
  runBundle(bundle);
}
