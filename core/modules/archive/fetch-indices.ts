import { asError } from "../../errors.ts";
import type { MeteredWork } from "../../operation/progress-meter.ts";
import { downloadIndex, type DownloadOptions, type IndexFile } from "./download.ts";
import type { PlannedFile } from "./plan.ts";

/** Downloads at once. Mirrors ask their users to be modest, and a few fill any line. */
const AT_ONCE = 4;

/**
 * Fetches indices a few at a time and hands out each as soon as it is whole, in the order in which
 * they become so. Starts at the first `next`, and goes on while the taker is busy. Who takes an
 * index closes its file. When one fails, or the taker stops, the rest is aborted and its files are
 * closed.
 *
 * @throws OperatorError as `downloadIndex`, of the first index that failed
 */
export async function* fetchIndices<File extends PlannedFile>(
  due: readonly File[],
  options: Omit<DownloadOptions, "onBytes"> & { fetching?: MeteredWork },
): AsyncGenerator<[File, IndexFile]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const waiting = [...due];
  const ready: [File, IndexFile][] = [];
  let wake = (): void => undefined;

  let running = AT_ONCE;
  async function work(): Promise<void> {
    try {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
        const part = options.fetching?.part(index.path, index.forms[0]?.file.size);
        const onBytes = (bytes: number): void => part?.add(bytes);
        ready.push([index, await downloadIndex(index, { ...options, signal, onBytes })]);
        part?.end();
        wake();
      }
    } catch (thrown) {
      // Only the first failure tells something; those after it are the others being stopped.
      if (!stop.signal.aborted) stop.abort(asError(thrown));
    } finally {
      running--;
      wake();
    }
  }

  const ended = Promise.all(Array.from({ length: AT_ONCE }, work));
  try {
    for (;;) {
      const next = stop.signal.aborted ? undefined : ready.shift();
      if (next !== undefined) yield next;
      else if (running === 0) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (stop.signal.aborted) throw asError(stop.signal.reason);
  } finally {
    waiting.length = 0;
    stop.abort();
    await ended;
    for (const [, file] of ready) await file.close();
  }
}
