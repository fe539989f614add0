import { fileURLToPath } from "node:url";

/** Places of the compiled tree; this file lies in dist/core/cli/launch/. */
export const PROGRAM = place("../../../lk.js");
export const BUNDLE = place("../../../lk.bundle");
/** `tsc` writes the first whenever it writes anything, `npm` the second whenever libraries change. */
export const MADE_OF = [place("../../../.tsbuildinfo"), place("../../../../package-lock.json")];

function place(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
