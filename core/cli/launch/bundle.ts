import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";

/**
 * A program and all its libraries in one file, with what V8 compiled of it: a command then starts
 * in a third of the time that hundreds of modules take. Both stand in one file, as V8 would take
 * the compiled code of another program of the same length for its own.
 */
export interface Bundle {
  /** Its own path. */
  file: string;
  /** One function expression of `BUNDLE_PARAMETERS`; ASCII only. */
  code: string;
  /** Taken for what it is by the V8 that made it; any other compiles the code anew. */
  compiled: Buffer | undefined;
}

/** What the code gets: what modules have of their own. */
export const BUNDLE_PARAMETERS = ["require", "moduleUrl"] as const;
type BundleFunction = (require: NodeJS.Require, moduleUrl: string) => void;

const LENGTH_BYTES = 4;

/** Writes it in one step: who reads it meanwhile sees the old or the new one. */
export function writeBundle({ file, code, compiled }: Bundle): void {
  const source = Buffer.from(code, "latin1");
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(source.length);
  writeFileSync(`${file}.new`, Buffer.concat([length, source, compiled ?? Buffer.alloc(0)]));
  renameSync(`${file}.new`, file);
}

/**
 * @param madeOf files that change with what it is made of
 * @returns undefined when there is none, or it is older than one of them
 */
export function readBundle(file: string, madeOf: string[]): Bundle | undefined {
  const made = changedAt(file);
  if (made === undefined || madeOf.some((one) => (changedAt(one) ?? 0) > made)) return undefined;
  const bytes = readFileSync(file);
  const end = LENGTH_BYTES + bytes.readUInt32LE();
  return { file, code: bytes.toString("latin1", LENGTH_BYTES, end), compiled: bytes.subarray(end) };
}

/** Runs it in this process, and returns the script, which can tell what V8 has compiled. */
export function runBundle({ file, code, compiled }: Bundle): Script {
  const script = new Script(code, {
    filename: file,
    ...(compiled === undefined ? {} : { cachedData: compiled }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const run = script.runInThisContext() as BundleFunction;
  run(createRequire(file), pathToFileURL(file).href);
  return script;
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
