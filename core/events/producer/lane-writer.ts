import { OperatorError } from "../../errors.ts";
import { segmentPath } from "./lane.ts";
import { encodeRecord } from "./record.ts";
import { createSegment, type SegmentWriter } from "./segment-writer.ts";

export interface LaneWriterOptions {
  directory: string;
  /** Number of the first segment to be made. */
  first: number;
  segmentBytes: number;
  /** Hears of each write: so much of this segment is now durable. */
  onDurable: (segment: number, bytes: number) => void;
}

/** Puts texts into segments; what is asked for at the same time shares one sync. */
export interface LaneWriter {
  /** Resolves when all are durable. @throws OperatorError `SPOOL_WRITE`: none of them is kept */
  append(texts: readonly string[]): Promise<void>;
  /** The segment that grows, if any. */
  current(): number | undefined;
  close(): Promise<void>;
}

interface Waiting {
  bytes: Buffer;
  resolve: () => void;
  reject: (error: Error) => void;
}

export function createLaneWriter(options: LaneWriterOptions): LaneWriter {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let open: { number: number; writer: SegmentWriter } | undefined;
  let next = options.first;

  async function work(): Promise<void> {
    // What is emitted in the same breath shares the first write already.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(Buffer.concat(batch.map(({ bytes }) => bytes)));
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        const failed = writeError(options.directory, thrown);
        for (const { reject } of batch) reject(failed);
      }
    }
    writing = undefined;
  }

  async function write(bytes: Buffer): Promise<void> {
    open ??= await openSegment(next++);
    const { number, writer } = open;
    try {
      await writer.append(bytes);
    } catch (thrown) {
      // A file that failed once is not trusted again (fsync tells of a failure only once).
      await closeSegment();
      throw thrown;
    }
    options.onDurable(number, writer.size());
    if (writer.size() >= options.segmentBytes) await closeSegment();
  }

  async function openSegment(number: number): Promise<NonNullable<typeof open>> {
    return { number, writer: await createSegment(segmentPath(options.directory, number)) };
  }

  async function closeSegment(): Promise<void> {
    const closing = open;
    open = undefined;
    await closing?.writer.close();
  }

  return {
    append: (texts) =>
      new Promise((resolve, reject) => {
        waiting.push({ bytes: Buffer.concat(texts.map(encodeRecord)), resolve, reject });
        writing ??= work();
      }),
    current: () => open?.number,
    async close() {
      await writing;
      await closeSegment();
    },
  };
}

function writeError(directory: string, cause: unknown): OperatorError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new OperatorError(
    "SPOOL_WRITE",
    `Cannot write into the spool ${directory}: ${code ?? message}.`,
    "Make room on its file system; the event was not kept.",
    { cause },
  );
}
