import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type Lane, type Segment, segmentPath, segmentsOf } from "./lane.ts";
import { createLaneReader, type Place, type Spooled } from "./lane-reader.ts";
import { createLaneWriter } from "./lane-writer.ts";
import { createRefusedFile } from "./refused.ts";

export interface SpoolOptions {
  lane: Lane;
  log: Log;
  /** The most that may wait, in bytes. */
  limitBytes?: number;
  segmentBytes?: number;
}

/** Texts on disk, in order, until they were delivered. */
export interface Spool {
  /**
   * Resolves when the texts are durable.
   *
   * @throws OperatorError `SPOOL_FULL`, `SPOOL_WRITE`: none of them is kept
   */
  append(texts: readonly string[]): Promise<void>;
  /** The next texts after those that were read; none for now. */
  read(limit: number): Promise<Spooled[]>;
  /** Everything up to this place was delivered or refused, and is forgotten. */
  settle(place: Place): void;
  /** Keeps a text that will never be delivered, with the reason; durable when it resolves. */
  refuse(text: string, server: string, reason: string): Promise<void>;
  /** True when nothing is left that was not settled. */
  empty(): boolean;
  close(): Promise<void>;
}

const LIMIT_BYTES = 256 << 20;
const SEGMENT_BYTES = 4 << 20;
/** A crash sends again what was settled since the place was last written; that is harmless. */
const REMEMBER_MS = 500;

export function openSpool(options: SpoolOptions): Spool {
  const { lane, log } = options;
  const { directory } = lane;
  const limit = options.limitBytes ?? LIMIT_BYTES;
  let segments = segmentsOf(directory);
  let settled = readPlace(directory);
  let remembered = 0;
  // A number is never used twice, or an old place would hide new events.
  const first = Math.max(segments.at(-1)?.number ?? 0, settled.segment) + 1;
  const refused = createRefusedFile(directory);
  const writer = createLaneWriter({
    directory,
    first,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    onDurable(number, bytes) {
      const last = segments.at(-1);
      if (last?.number === number) last.bytes = bytes;
      else segments.push({ number, path: segmentPath(directory, number), bytes });
    },
  });
  const reader = createLaneReader({
    directory,
    from: settled,
    segments: () => segments,
    growing: writer.current,
    onTorn(number, offset) {
      for (const segment of segments) if (segment.number === number) segment.bytes = offset;
    },
    log,
  });

  function forget(isDone: (segment: Segment) => boolean): void {
    for (const segment of segments.filter(isDone)) rmSync(segment.path, { force: true });
    segments = segments.filter((segment) => !isDone(segment));
  }

  function remember(): void {
    remembered = performance.now();
    const draft = join(directory, ".place");
    writeFileSync(draft, JSON.stringify(settled), { mode: 0o600 });
    renameSync(draft, placeFile(directory));
  }

  function isSettled({ number, bytes }: Segment): boolean {
    if (bytes === 0) return true;
    return number < settled.segment || (number === settled.segment && settled.offset >= bytes);
  }

  return {
    async append(texts) {
      const wanted = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const kept = segments.reduce((sum, { bytes }) => sum + bytes, 0);
      if (kept + wanted > limit) throw fullError(directory, limit);
      await writer.append(texts);
    },
    read: reader.read,
    settle(place) {
      settled = place;
      if (segments.some(({ number }) => number < place.segment)) {
        forget(({ number }) => number < place.segment);
      }
      if (performance.now() - remembered > REMEMBER_MS) remember();
    },
    refuse: refused.add,
    empty: () => segments.every(isSettled),
    async close() {
      await writer.close();
      await reader.close();
      forget(isSettled);
      if (settled.segment > 0) remember();
      lane.release();
    },
  };
}

function placeFile(directory: string): string {
  return join(directory, "place");
}

/** Up to where a lane was settled; from the start when that is not known. */
export function readPlace(directory: string): Place {
  try {
    const read = JSON.parse(readFileSync(placeFile(directory), "utf8")) as Partial<Place>;
    const { segment, offset } = read;
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset)) {
      return { segment: segment ?? 0, offset: offset ?? 0 };
    }
  } catch {
    // Missing, or half written by a power cut: events are sent again, which is harmless.
  }
  return { segment: 0, offset: 0 };
}

function fullError(directory: string, limit: number): OperatorError {
  return new OperatorError(
    "SPOOL_FULL",
    `The spool ${directory} is full: ${limit} bytes wait to be delivered.`,
    "Bring a Lighthouse back (lk event spool shows what waits), or raise the limit.",
  );
}
