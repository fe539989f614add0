import { availableParallelism } from "node:os";
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
/** xz(1): of large files it makes blocks of three dictionaries, and unpacks them side by side. */
const XZ_BLOCK = 24 * 1024 * 1024;

/**
 * Begins to decompress each index while the one before it is read: the decompressor is a process
 * of its own, and would else wait for us and then we for it. It begins when so little is left of
 * that one that a processor is free; earlier, each would only keep the other back.
 */
export async function* openAhead(
  files: AsyncIterable<[PlannedIndex, IndexFile]>,
  signal: AbortSignal,
): AsyncGenerator<OpenIndex> {
  const iterator = files[Symbol.asyncIterator]();
  const little = XZ_BLOCK * (availableParallelism() - 1);

  async function open(): Promise<[OpenIndex, Signal] | undefined> {
    const { done, value } = await iterator.next();
    if (done === true) return undefined;
    const [index, file] = value;
    const nearlyRead = createSignal();
    const left = (index.plain?.size ?? 0) - little;
    const chunks = tellAfter(left, file.content(signal), nearlyRead.give);
    const content = Readable.from(chunks, { highWaterMark: CHUNKS_AHEAD });
    // What goes wrong is told when it is read; until then it is nobody's.
    content.on("error", () => undefined);
    // Asks for nothing, and so only begins.
    content.read(0);
    return [{ index, file, content }, nearlyRead];
  }

  let next = open();
  try {
    for (let one = await next; one !== undefined; one = await next) {
      const [opened, nearlyRead] = one;
      next = nearlyRead.given.then(open);
      next.catch(() => undefined);
      yield opened;
      // Who took it may have left it.
      nearlyRead.give();
    }
  } finally {
    // Not waited for: it may still be coming in, and ends when whoever fetches it is stopped.
    next.then((one) => discard(one?.[0])).catch(() => undefined);
  }
}

interface Signal {
  given: Promise<void>;
  give(): void;
}

function createSignal(): Signal {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

/** Passes chunks on, and tells when so many bytes have been taken. */
async function* tellAfter(
  bytes: number,
  chunks: AsyncIterable<Buffer>,
  tell: () => void,
): AsyncGenerator<Buffer> {
  let left = bytes;
  if (left <= 0) tell();
  for await (const chunk of chunks) {
    yield chunk;
    left -= chunk.length;
    if (left <= 0) tell();
  }
}

async function discard(open: OpenIndex | undefined): Promise<void> {
  open?.content.destroy();
  await open?.file.close();
}
