import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { asError, OperatorError } from "../../errors.ts";
import { bytesOf, sha256Of } from "./download-read.ts";
import { createPart, type Part, type Wanted } from "./download-part.ts";

/** A folder of downloads, whole and begun. */
export interface DownloadCache {
  /** A file that is here whole, checked again, open for reading. */
  find(wanted: Wanted): Promise<FileHandle | undefined>;
  /** A download of a file, with what an earlier one left of it. */
  begin(wanted: Wanted): Promise<Part>;
}

/** The folder of downloads, below the data directory. */
export const DOWNLOADS = "cache/archive";

/** Bytes of all files together; those used longest ago go first. */
const LARGEST = 1_000_000_000;

/**
 * Keeps downloads in a folder, so that one that was cut off, also by kill -9, is gone on with.
 *
 * A whole file has the name of its SHA256, one that is begun `SHA256.RANDOM.part`. Nothing is
 * locked: each download writes a file of its own, which begins as a copy of the longest that was
 * left, and takes the name of the whole by renaming. Files are used by their handles, so nobody
 * minds when another process, or the limit, takes a name away.
 *
 * @param folder  made when it is needed
 * @param largest bytes
 * @throws OperatorError `DOWNLOADS_UNUSABLE`, from all its functions, when the disk fails
 */
export function createDownloadCache(folder: string, largest = LARGEST): DownloadCache {
  async function find({ sha256, size }: Wanted): Promise<FileHandle | undefined> {
    const path = join(folder, sha256);
    const handle = await unlessMissing(open(path));
    if (handle === undefined) return undefined;
    if ((await handle.stat()).size === size && (await sha256Of(handle)) === sha256) {
      const now = new Date();
      await unlessMissing(utimes(path, now, now));
      return handle;
    }
    // A failing disk or a power cut spoilt it.
    await handle.close();
    await rm(path, { force: true });
    return undefined;
  }

  async function begin(wanted: Wanted): Promise<Part> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await shrink(folder, largest - wanted.size);
    const left = (await filesOf(folder)).filter(({ name }) => name.startsWith(`${wanted.sha256}.`));
    const path = join(folder, `${wanted.sha256}.${randomUUID()}.part`);
    const part = await createPart(path, join(folder, wanted.sha256), wanted);
    for (const { name, size } of left.toSorted((a, b) => b.size - a.size)) {
      const old = join(folder, name);
      if (part.size() === 0 && size <= wanted.size) await copyInto(part, old);
      await rm(old, { force: true });
    }
    return part;
  }

  return {
    find: (wanted) => heeded(folder, find(wanted)),
    async begin(wanted) {
      const part = await heeded(folder, begin(wanted));
      return {
        size: part.size,
        append: (chunk) => heeded(folder, part.append(chunk)),
        restart: () => heeded(folder, part.restart()),
        finish: () => heeded(folder, part.finish()),
        leave: () => heeded(folder, part.leave()),
      };
    },
  };
}

/** Bytes that a folder of downloads takes; 0 when there is none. */
export async function downloadsSize(folder: string): Promise<number> {
  return (await filesOf(folder)).reduce((sum, { size }) => sum + size, 0);
}

async function copyInto(part: Part, path: string): Promise<void> {
  const old = await unlessMissing(open(path));
  if (old === undefined) return;
  try {
    for await (const chunk of bytesOf(old)) await part.append(chunk);
  } finally {
    await old.close();
  }
}

/** Removes the files used longest ago until the others take at most so many bytes. */
async function shrink(folder: string, most: number): Promise<void> {
  let total = 0;
  const newestFirst = (await filesOf(folder)).toSorted((a, b) => b.usedAt - a.usedAt);
  for (const { name, size } of newestFirst) {
    total += size;
    if (total > most) await rm(join(folder, name), { force: true });
  }
}

async function filesOf(folder: string): Promise<{ name: string; size: number; usedAt: number }[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  const found = await Promise.all(
    names.map(async (name) => {
      const file = await unlessMissing(stat(join(folder, name)));
      return file === undefined ? [] : [{ name, size: file.size, usedAt: file.mtimeMs }];
    }),
  );
  return found.flat();
}

/** Another process may always have been quicker to remove or rename a file. */
async function unlessMissing<Result>(done: Promise<Result>): Promise<Result | undefined> {
  try {
    return await done;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

async function heeded<Result>(folder: string, done: Promise<Result>): Promise<Result> {
  try {
    return await done;
  } catch (thrown) {
    throw new OperatorError(
      "DOWNLOADS_UNUSABLE",
      `Cannot keep downloads in ${folder}: ${asError(thrown).message}.`,
      "Make room there and let this program write into it.",
      { cause: thrown },
    );
  }
}
