import { Readable } from "node:stream";
import type { IndexFile } from "./download.ts";
import type { PlannedIndex } from "./plan.ts";

/** An index that is being decompressed; who takes it closes the file. */
export interface OpenIndex {
  index: PlannedIndex;
  file: IndexFile;
  /** Its uncompressed bytes. */
  content: Readable;
}

/** Chunks of at most 1 MiB, mostly of 20 to 64 KiB, that may wait to be read. */
const CHUNKS_AHEAD = 8;

/**
 * Begins to decompress each index while the one before it is read: the decompressor is a process
 * of its own, and would else wait for us and then we for it.
 */
export async function* openAhead(
  files: AsyncIterable<[PlannedIndex, IndexFile]>,
  signal: AbortSignal,
): AsyncGenerator<OpenIndex> {
  const iterator = files[Symbol.asyncIterator]();

  async function open(): Promise<OpenIndex | undefined> {
    const { done, value } = await iterator.next();
    if (done === true) return undefined;
    const [index, file] = value;
    const content = Readable.from(file.content(signal), { highWaterMark: CHUNKS_AHEAD });
    // What goes wrong is told when it is read; until then it is nobody's.
    content.on("error", () => undefined);
    // Asks for nothing, and so only begins.
    content.read(0);
    return { index, file, content };
  }

  let next = open();
  try {
    for (let one = await next; one !== undefined; one = await next) {
      next = open();
      next.catch(() => undefined);
      yield one;
    }
  } finally {
    // Not waited for: it may still be coming in, and ends when whoever fetches it is stopped.
    next.then(discard).catch(() => undefined);
  }
}

async function discard(open: OpenIndex | undefined): Promise<void> {
  open?.content.destroy();
  await open?.file.close();
}
