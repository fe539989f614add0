import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { parseTomlText } from "../toml.ts";
import { TAG_PATTERN } from "./rights.ts";

/** What was decided about signers on this machine, beside what their modules give them. */
export type DecidedRights = ReadonlyMap<string, Decision>;

/** Absent lists leave the default as it is. */
export interface Decision {
  /** Instead of what the signer's module may say. */
  allow?: string[] | undefined;
  /** Beats whatever allows. */
  deny?: string[] | undefined;
}

const Patterns = z.array(
  z.string().regex(TAG_PATTERN, "a tag, or a pattern such as _lk.archive.*"),
);
const RightsFile = z.strictObject({
  signer: z
    .record(z.string(), z.strictObject({ allow: Patterns.optional(), deny: Patterns.optional() }))
    .prefault({}),
});

const BANNER = `# Who may say what on the bus, beside what their modules may say.
# Written by: lk key allow SIGNER PATTERN…, lk key deny SIGNER PATTERN…
`;

/** Reads the file; a missing one decides nothing. @throws OperatorError as `parseTomlText` does */
export function readRightsFile(path: string): DecidedRights {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return new Map();
  const { signer } = parseTomlText(readFileSync(path, "utf8"), path, RightsFile);
  return new Map(Object.entries(signer));
}

/** Replaces the file; readers see the old one or the new one. */
export function writeRightsFile(path: string, decided: DecidedRights): void {
  const tables = [...decided].flatMap(([signer, { allow, deny }]) => {
    if (allow === undefined && deny === undefined) return [];
    const lines = [`\n[signer.${JSON.stringify(signer)}]`];
    if (allow !== undefined) lines.push(`allow = ${listText(allow)}`);
    if (deny !== undefined) lines.push(`deny = ${listText(deny)}`);
    return `${lines.join("\n")}\n`;
  });
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, BANNER + tables.join(""), { mode: 0o644 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function listText(patterns: readonly string[]): string {
  return `[${patterns.map((pattern) => JSON.stringify(pattern)).join(", ")}]`;
}
