import { type FileHandle, open } from "node:fs/promises";
import type { Log } from "../../log.ts";
import { segmentPath } from "./lane.ts";
import { decodeRecords } from "./record.ts";

/** A place in a lane: behind so many bytes of a segment. */
export interface Place {
  segment: number;
  offset: number;
}

/** A text of the spool, and the place behind it. */
export interface Spooled {
  text: string;
  end: Place;
}

export interface LaneReaderOptions {
  directory: string;
  from: Place;
  /** The segments that there are, oldest first, with their durable bytes. */
  segments: () => readonly { number: number; bytes: number }[];
  /** The segment that still grows, if any. */
  growing: () => number | undefined;
  /** Hears that a segment holds nothing more behind this offset, whatever its size. */
  onTorn: (segment: number, offset: number) => void;
  log: Log;
}

/** Reads a lane from one end to the other, once. */
export interface LaneReader {
  /** The next texts; none when everything was read. */
  read(limit: number): Promise<Spooled[]>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 1 << 18;

export function createLaneReader(options: LaneReaderOptions): LaneReader {
  const { directory, log } = options;
  let { segment, offset } = options.from;
  let file: FileHandle | undefined;

  /** Goes on to the next segment. @returns false when there is none */
  async function goOn(): Promise<boolean> {
    const next = options.segments().find(({ number }) => number > segment);
    if (next === undefined) return false;
    await file?.close();
    file = undefined;
    segment = next.number;
    offset = 0;
    return true;
  }

  async function readSegment(durable: number, limit: number): Promise<Spooled[]> {
    file ??= await open(segmentPath(directory, segment), "r");
    for (let bytes = CHUNK_BYTES; ;) {
      const chunk = await readAt(file, offset, Math.min(bytes, durable - offset));
      const { records, rest } = decodeRecords(chunk, limit);
      const more = rest.kind === "incomplete" && offset + rest.bytes <= durable;
      if (records.length === 0 && more && chunk.length < rest.bytes) {
        bytes = rest.bytes;
        continue;
      }
      const begin = offset;
      offset += records.at(-1)?.end ?? 0;
      // Nobody was told that these were kept, or the disk has lost them: the rest goes on.
      if (records.length === 0) {
        log.warn({ directory, segment, bytes: durable - offset }, "the spool has a torn end");
        options.onTorn(segment, offset);
        offset = durable;
      }
      return records.map(({ text, end }) => ({ text, end: { segment, offset: begin + end } }));
    }
  }

  return {
    async read(limit) {
      for (;;) {
        const here = options.segments().find(({ number }) => number === segment);
        if (here !== undefined && offset < here.bytes) {
          const found = await readSegment(here.bytes, limit);
          if (found.length > 0) return found;
        }
        if (segment === options.growing() || !(await goOn())) return [];
      }
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
