import type { FileHandle } from "node:fs/promises";
import type { Part, Wanted } from "./download-part.ts";
import { wrongHash, wrongSize } from "./download-unfit.ts";
import type { Fetched, Fetcher, Resume } from "./fetch.ts";
import { TryAgain } from "./fetch-retry.ts";

export interface HttpDownload {
  fetcher: Fetcher;
  signal: AbortSignal;
  /** Less than 0 where what came is thrown away. */
  onBytes?: (bytes: number) => void;
}

/**
 * Downloads a file, going on with what is there of it. What was pieced together of several answers,
 * or of an earlier run, may be of different files: when it does not fit, all of it is fetched again.
 *
 * @returns the whole file; undefined when the server has none
 * @throws UnfitIndex when it is not as listed; OperatorError `MIRROR_UNREACHABLE`
 */
export async function downloadInto(
  part: Part,
  url: string,
  wanted: Wanted,
  { fetcher, signal, onBytes = () => undefined }: HttpDownload,
): Promise<FileHandle | undefined> {
  let pieces = part.size() > 0 ? 1 : 0;
  let validator: string | undefined;
  onBytes(part.size());

  async function forget(): Promise<void> {
    onBytes(-part.size());
    await part.restart();
    pieces = 0;
  }

  async function take(fetched: Fetched): Promise<FileHandle | undefined> {
    if (fetched.status !== "found") return undefined;
    const { from, size: says } = fetched;
    if (says !== undefined && says !== wanted.size) throw wrongSize(url, says, wanted);
    if (from !== part.size()) await forget();
    pieces++;
    validator = strongValidator(fetched);
    for await (const chunk of fetched.body) {
      signal.throwIfAborted();
      await part.append(chunk);
      onBytes(chunk.length);
      if (part.size() > wanted.size) break;
    }
    const got = part.size();
    const whole = await part.finish();
    if (whole !== undefined) return whole;
    const mixed = pieces > 1;
    onBytes(-got);
    pieces = 0;
    if (mixed) throw new TryAgain("its parts, fetched one by one, do not make up the file");
    if (got === wanted.size) throw wrongHash(url);
    throw wrongSize(url, got > wanted.size ? "more" : got, wanted);
  }

  const resume = (): Resume | undefined =>
    part.size() === 0 ? undefined : { from: part.size(), size: wanted.size, validator };
  // The program may have ended just before a whole file could be kept as such.
  const whole = part.size() === wanted.size ? await part.finish() : undefined;
  return whole ?? fetcher.fetch(url, take, { signal, resume });
}

/** What tells that two answers are of the same file (RFC 9110, 13.1.5). */
function strongValidator({
  etag,
  lastModified,
}: Fetched & { status: "found" }): string | undefined {
  return etag === undefined || etag.startsWith("W/") ? lastModified : etag;
}
