import { isHeld, laneDirectories, segmentsOf } from "./lane.ts";
import { createLaneReader } from "./lane-reader.ts";
import { readRefused, type RefusedEvent } from "./refused.ts";
import { readPlace } from "./spool.ts";
import { silentLog } from "../../log.ts";

/** A lane of a spool, seen from outside. */
export interface LaneState {
  directory: string;
  /** Events that wait to be delivered. */
  waiting: number;
  bytes: number;
  /** A program works on it now. */
  held: boolean;
  refused: RefusedEvent[];
}

const PAGE = 1_000;

/** What a spool holds. Reads it through, so it takes a moment for a full one. */
export async function lookIntoSpool(spool: string): Promise<LaneState[]> {
  return Promise.all(
    laneDirectories(spool).map(async (directory) => ({
      directory,
      ...(await countWaiting(directory)),
      held: isHeld(directory),
      refused: readRefused(directory),
    })),
  );
}

async function countWaiting(directory: string): Promise<{ waiting: number; bytes: number }> {
  const segments = segmentsOf(directory);
  const reader = createLaneReader({
    directory,
    from: readPlace(directory),
    segments: () => segments,
    growing: () => undefined,
    onTorn: () => undefined,
    log: silentLog(),
  });
  const count = { waiting: 0, bytes: 0 };
  try {
    for (let page = await reader.read(PAGE); page.length > 0; page = await reader.read(PAGE)) {
      count.waiting += page.length;
      count.bytes += page.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    }
  } catch (thrown) {
    // Delivered and removed while we were reading: then less waits than we saw.
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  } finally {
    await reader.close();
  }
  return count;
}
