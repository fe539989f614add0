import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type ArchiveKey, clearSign, detachedSignature } from "./signing-key.ts";

/** What a suite of a small archive holds. */
export interface SuiteContent {
  name: string;
  components: string[];
  /** With `all` among them, packages for all have indices of their own. */
  architectures: string[];
  /** Text of each index by its path as `indexPath` gives it. */
  indices: Record<string, string | Buffer>;
  date?: Date;
  validUntil?: Date;
  acquireByHash?: boolean;
  /** Further fields of the Release file, or other values for those above. */
  fields?: Record<string, string>;
  /** Which forms of each index are written; those that cannot be made here are left out. */
  forms?: readonly IndexForm[];
}

export const INDEX_FORMS = ["plain", "gz", "xz"] as const;
export type IndexForm = (typeof INDEX_FORMS)[number] | "bz2";

/**
 * Writes (again) one suite of an archive: indices, Release, InRelease and Release.gpg. Needs no
 * program; only where `xz` is installed are there `.xz` indices. InRelease comes last, so that a
 * reader who takes part by hash never meets a mixture.
 *
 * @param root folder of the archive, which holds `dists/`
 */
export async function writeSuite(
  root: string,
  content: SuiteContent,
  key: ArchiveKey,
): Promise<void> {
  const folder = join(root, "dists", content.name);
  const files: { path: string; bytes: Buffer }[] = [];
  for (const [path, text] of Object.entries(content.indices)) {
    for (const form of content.forms ?? INDEX_FORMS) {
      const plain = typeof text === "string" ? Buffer.from(text) : text;
      const bytes = await encodeIndex(plain, form);
      if (bytes === undefined) continue;
      files.push({ path: form === "plain" ? path : `${path}.${form}`, bytes });
    }
  }
  for (const { path, bytes } of files) {
    await writeWhole(join(folder, path), bytes);
    if (content.acquireByHash !== true) continue;
    const byHash = join(folder, dirname(path), "by-hash", "SHA256", digest(bytes, "sha256"));
    await writeWhole(byHash, bytes);
  }
  await signRelease(folder, releaseText(content, files), key);
}

/** Writes and signs a suite's Release file with the given text. */
export async function signRelease(folder: string, text: string, key: ArchiveKey): Promise<void> {
  await writeWhole(join(folder, "Release"), Buffer.from(text));
  await writeWhole(join(folder, "Release.gpg"), Buffer.from(await detachedSignature(text, key)));
  await writeWhole(join(folder, "InRelease"), Buffer.from(await clearSign(text, key)));
}

/** The text of a Release file that lists the given files. */
export function releaseText(
  content: SuiteContent,
  files: readonly { path: string; bytes: Buffer }[],
): string {
  const fields: Record<string, string> = {
    Origin: "Demo",
    Label: "Demo",
    Suite: content.name,
    Codename: content.name,
    Date: (content.date ?? new Date()).toUTCString(),
    ...(content.validUntil === undefined
      ? {}
      : { "Valid-Until": content.validUntil.toUTCString() }),
    ...(content.acquireByHash === true ? { "Acquire-By-Hash": "yes" } : {}),
    Architectures: content.architectures.join(" "),
    Components: content.components.join(" "),
    ...content.fields,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  for (const [name, algorithm] of [
    ["MD5Sum", "md5"],
    ["SHA256", "sha256"],
  ] as const) {
    lines.push(`${name}:\n`);
    for (const { path, bytes } of files) {
      lines.push(` ${digest(bytes, algorithm)} ${bytes.length} ${path}\n`);
    }
  }
  return lines.join("");
}

const compressGzip = promisify(gzip);

/** An index in one of its forms, or undefined where this machine cannot make it. */
export async function encodeIndex(bytes: Buffer, form: IndexForm): Promise<Buffer | undefined> {
  if (form === "plain") return bytes;
  return form === "gz" ? compressGzip(bytes) : compressWith(PROGRAMS[form], bytes);
}

/** As Debian's are: large ones in blocks that can be unpacked side by side. */
const PROGRAMS = { xz: ["xz", "-c", "--threads=0"], bz2: ["bzip2", "-c", "-1"] };

function compressWith(
  [program = "", ...options]: string[],
  bytes: Buffer,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { stdio: ["pipe", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on("error", () => undefined);
    child.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve(undefined) : reject(error),
    );
    child.once("close", (status) =>
      status === 0
        ? resolve(Buffer.concat(chunks))
        : reject(new Error(`${program} ended with ${status}`)),
    );
    child.stdin.end(bytes);
  });
}

function digest(bytes: Buffer, algorithm: "md5" | "sha256"): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/** Readers see the old file or the new one, never a part. */
async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = join(dirname(file), `.${basename(file)}.new`);
  await writeFile(temporary, bytes);
  await rename(temporary, file);
}
