import { createHash } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ListedFile } from "../../debian/release.ts";
import { asError, OperatorError } from "../../errors.ts";
import type { Form } from "./decompress.ts";
import { archiveUrl, type Fetched, type Fetcher, shownUrl } from "./fetch.ts";
import type { PlannedIndex } from "./plan.ts";

/** A fetched index whose size and hash are as listed. It has no name on disk: it ends with us. */
export interface IndexFile {
  /** Where it came from, for errors. */
  url: string;
  form: Form;
  stream(): Readable;
  close(): Promise<void>;
}

export interface DownloadOptions {
  fetcher: Fetcher;
  /** In the order to ask them. */
  mirrors: string[];
  suite: string;
  byHash: boolean;
  signal: AbortSignal;
  onBytes?: (bytes: number) => void;
}

/**
 * Fetches an index in the best form that a mirror has.
 *
 * @throws OperatorError `SIZE_MISMATCH`, `HASH_MISMATCH`, `INDEX_MISSING`, `MIRROR_UNREACHABLE`
 */
export async function downloadIndex(
  index: PlannedIndex,
  options: DownloadOptions,
): Promise<IndexFile> {
  let failure: OperatorError | undefined;
  for (const { form, file } of index.forms) {
    for (const mirror of options.mirrors) {
      for (const path of pathsOf(file, options.byHash)) {
        const url = archiveUrl(mirror, `dists/${options.suite}/${path}`);
        try {
          const found = await download(url, form, file, options);
          if (found !== undefined) return found;
        } catch (thrown) {
          if (options.signal.aborted || !(thrown instanceof OperatorError)) throw asError(thrown);
          failure ??= thrown;
        }
      }
    }
    // A file that is there and wrong is not made good by another form of it.
    if (failure !== undefined) throw failure;
  }
  throw new OperatorError(
    "INDEX_MISSING",
    `No mirror has ${index.path} of ${options.suite}, although its Release lists it.`,
    "The mirror is incomplete; try again later or add another mirror.",
  );
}

function pathsOf(file: ListedFile, byHash: boolean): string[] {
  const folder = file.path.replace(/[^/]*$/, "");
  return byHash ? [`${folder}by-hash/SHA256/${file.sha256}`, file.path] : [file.path];
}

async function download(
  url: string,
  form: Form,
  file: ListedFile,
  options: DownloadOptions,
): Promise<IndexFile | undefined> {
  const handle = await namelessFile();
  try {
    const keepFound = async (fetched: Fetched): Promise<boolean> => {
      if (fetched.status !== "found") return false;
      await keep(url, fetched, file, handle, options);
      return true;
    };
    const { signal } = options;
    const found = await options.fetcher.fetch(url, keepFound, { signal });
    if (!found) {
      await handle.close();
      return undefined;
    }
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  return {
    url: shownUrl(url),
    form,
    stream: () =>
      handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 256 * 1024 }),
    close: () => handle.close(),
  };
}

async function keep(
  url: string,
  fetched: Fetched & { status: "found" },
  file: ListedFile,
  handle: FileHandle,
  options: DownloadOptions,
): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  await handle.truncate(0);
  for await (const piece of fetched.body) {
    const chunk = piece as Buffer;
    options.signal.throwIfAborted();
    if (size + chunk.length > file.size) throw wrongSize(url, "more", file);
    hash.update(chunk);
    await handle.write(chunk, 0, chunk.length, size);
    size += chunk.length;
    options.onBytes?.(chunk.length);
  }
  if (size !== file.size) throw wrongSize(url, `${size}`, file);
  if (hash.digest("hex") !== file.sha256) {
    throw new OperatorError(
      "HASH_MISMATCH",
      `${shownUrl(url)} is not the file that the Release lists: its SHA256 differs.`,
      "Nothing was stored. The mirror is being updated, or the file was altered; try again later.",
    );
  }
}

function wrongSize(url: string, size: string, file: ListedFile): OperatorError {
  const has = size === "more" ? `more than ${file.size} bytes` : `${size} bytes`;
  return new OperatorError(
    "SIZE_MISMATCH",
    `${shownUrl(url)} has ${has}, but the Release lists ${file.size}.`,
    "Nothing was stored. The mirror is being updated, or the file was cut off; try again later.",
  );
}

/** A file that is gone as soon as it is closed, however this program ends. */
async function namelessFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "laniakea-"));
  try {
    return await open(join(folder, "index"), "wx+", 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}
