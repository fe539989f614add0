import type { ListedFile } from "../../debian/release.ts";
import { asError, OperatorError } from "../../errors.ts";
import { decompress, type Form } from "./decompress.ts";
import type { DownloadCache } from "./download-cache.ts";
import { downloadInto } from "./download-http.ts";
import { sha256Of } from "./download-read.ts";
import { UnfitIndex, wrongHash, wrongSize } from "./download-unfit.ts";
import { type Fetcher, openLocal } from "./fetch.ts";
import { archiveUrl, shownUrl } from "./fetch-address.ts";
import type { PlannedFile } from "./plan.ts";
import type { FileHandle } from "node:fs/promises";

/**
 * An index at hand: one that was downloaded and is as the Release lists it, or one that lies on a
 * `file:` mirror and is read there.
 */
export interface IndexFile {
  /** Where it came from, for errors. */
  url: string;
  /**
   * Its uncompressed bytes; to be read once. For the reader to check against what the Release
   * lists of the uncompressed index: a file that is read in place was not checked before.
   */
  content(signal?: AbortSignal): AsyncGenerator<Buffer>;
  /**
   * After a failure: whether it is the mirror's.
   *
   * @throws UnfitIndex when the file is not as the Release lists it
   */
  verify(): Promise<void>;
  close(): Promise<void>;
}

export interface DownloadOptions {
  fetcher: Fetcher;
  cache: DownloadCache;
  /** In the order to ask them. */
  mirrors: string[];
  suite: string;
  byHash: boolean;
  signal: AbortSignal;
  /** Less than 0 where what came is thrown away. */
  onBytes?: (bytes: number) => void;
}

/** A form of an index, with a hash. */
interface Choice {
  form: Form;
  file: ListedFile & { sha256: string };
  /** Whether the uncompressed index is listed as well, so that its reader notices any fault. */
  contentListed: boolean;
}

/**
 * Fetches an index in the best form that a mirror has. A mirror that fails is asked last from then
 * on.
 *
 * @throws UnfitIndex `SIZE_MISMATCH`, `HASH_MISMATCH`, `INDEX_MISSING`: the mirrors do not have
 *   what the Release lists; OperatorError `MIRROR_UNREACHABLE`, `DOWNLOADS_UNUSABLE`
 */
export async function downloadIndex(
  index: PlannedFile,
  options: DownloadOptions,
): Promise<IndexFile> {
  let failure: OperatorError | undefined;
  for (const { form, file } of index.forms) {
    const { sha256 } = file;
    if (sha256 === undefined) continue;
    const contentListed = index.plain?.sha256 !== undefined;
    const choice = { form, file: { ...file, sha256 }, contentListed };
    for (const mirror of options.fetcher.inOrder(options.mirrors)) {
      try {
        const found = await fromMirror(mirror, choice, options);
        if (found !== undefined) return found;
      } catch (thrown) {
        if (options.signal.aborted || !(thrown instanceof OperatorError)) throw asError(thrown);
        if (thrown.code === "DOWNLOADS_UNUSABLE") throw thrown;
        options.fetcher.blame(mirror);
        failure ??= thrown;
      }
    }
    // A file that is there and wrong is not made good by another form of it.
    if (failure !== undefined) throw failure;
  }
  const missing = new OperatorError(
    "INDEX_MISSING",
    `No mirror has ${index.path} of ${options.suite}, although its Release lists it.`,
    "The mirror is incomplete; try again later or add another mirror.",
  );
  throw new UnfitIndex(missing);
}

/** @returns undefined when the mirror has no such file */
async function fromMirror(
  mirror: string,
  choice: Choice,
  options: DownloadOptions,
): Promise<IndexFile | undefined> {
  let unfit: UnfitIndex | undefined;
  for (const path of pathsOf(choice.file, options.byHash)) {
    const url = archiveUrl(mirror, `dists/${options.suite}/${path}`);
    try {
      const local = mirror.startsWith("file:");
      const handle = await (local ? openChecked(url, choice) : fetchWhole(url, choice, options));
      const blame = (): void => options.fetcher.blame(mirror);
      if (handle === undefined) continue;
      if (local) options.onBytes?.(choice.file.size);
      return indexFile(url, handle, choice, blame);
    } catch (thrown) {
      // By its name it may be the one that is listed; a server that is gone is gone.
      if (!(thrown instanceof UnfitIndex)) throw thrown;
      unfit ??= thrown;
    }
  }
  if (unfit !== undefined) throw unfit;
  return undefined;
}

function pathsOf(file: Choice["file"], byHash: boolean): string[] {
  const folder = file.path.replace(/[^/]*$/, "");
  return byHash ? [`${folder}by-hash/SHA256/${file.sha256}`, file.path] : [file.path];
}

async function openChecked(url: string, choice: Choice): Promise<FileHandle | undefined> {
  const handle = await openLocal(url);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size !== choice.file.size) throw wrongSize(url, size, choice.file);
    // Where nothing else tells that it is the right one, it is read twice.
    if (!choice.contentListed) await checkHash(url, handle, choice.file.sha256);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function fetchWhole(
  url: string,
  { file }: Choice,
  options: DownloadOptions,
): Promise<FileHandle | undefined> {
  const kept = await options.cache.find(file);
  if (kept !== undefined) {
    options.onBytes?.(file.size);
    return kept;
  }
  const part = await options.cache.begin(file);
  let handle: FileHandle | undefined;
  try {
    handle = await downloadInto(part, url, file, options);
    return handle;
  } finally {
    if (handle === undefined) await part.leave();
  }
}

function indexFile(
  url: string,
  handle: FileHandle,
  { form, file }: Choice,
  blame: () => void,
): IndexFile {
  return {
    url: shownUrl(url),
    content: (signal) => decompress(shownUrl(url), handle, form, signal ? { signal } : {}),
    async verify() {
      try {
        const { size } = await handle.stat();
        if (size !== file.size) throw wrongSize(url, size, file);
        await checkHash(url, handle, file.sha256);
      } catch (thrown) {
        blame();
        throw thrown;
      }
    },
    close: () => handle.close(),
  };
}

async function checkHash(url: string, handle: FileHandle, sha256: string): Promise<void> {
  if ((await sha256Of(handle)) !== sha256) throw wrongHash(url);
}
