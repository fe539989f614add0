import { closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { OperatorError } from "../../errors.ts";

/**
 * A spool is a folder with a few lanes, folders in which one process at a time writes and sends.
 * The kernel keeps the lock and drops it with the process, by whatever death; a lane that is left
 * behind with events is taken up by whoever looks next.
 */
export interface Lane {
  directory: string;
  /** Lets others have it. */
  release(): void;
}

const LANE = /^lane-\d{3}$/;
const LANES = 999;

/** The first lane that nobody holds, made when there is none. */
export function takeLane(spool: string): Lane {
  for (let number = 1; number <= LANES; number++) {
    const lane = tryLane(join(spool, `lane-${String(number).padStart(3, "0")}`));
    if (lane !== undefined) return lane;
  }
  throw new OperatorError(
    "SPOOL_BUSY",
    `All ${LANES} lanes of the spool ${spool} are in use.`,
    "Give each program a spool of its own.",
  );
}

/** The lanes that hold events and that nobody works on. */
export function takeLeftLanes(spool: string): Lane[] {
  return laneDirectories(spool)
    .filter((directory) => segmentsOf(directory).length > 0)
    .flatMap((directory) => tryLane(directory) ?? []);
}

/** All lanes of a spool, held or not. */
export function laneDirectories(spool: string): string[] {
  return namesIn(spool)
    .filter((name) => LANE.test(name))
    .sort()
    .map((name) => join(spool, name));
}

/** Takes a lane, or returns undefined while another process has it. */
export function tryLane(directory: string): Lane | undefined {
  makeClosedDirectory(directory);
  const descriptor = openSync(join(directory, "lock"), "a", 0o600);
  if (tryLock(descriptor)) return { directory, release: () => closeSync(descriptor) };
  closeSync(descriptor);
  return undefined;
}

/** True while a process works on the lane. */
export function isHeld(directory: string): boolean {
  const lane = tryLane(directory);
  lane?.release();
  return lane === undefined;
}

/** A part of a lane: events in the order they were made. */
export interface Segment {
  number: number;
  path: string;
  bytes: number;
}

/** The segments of a lane, oldest first. */
export function segmentsOf(directory: string): Segment[] {
  return namesIn(directory)
    .filter((name) => /^\d{10}\.events$/.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      return { number: Number(name.slice(0, 10)), path, bytes };
    });
}

/** Where a segment lives. */
export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, "0")}.events`);
}

/** Events may hold what is nobody else's business. @throws OperatorError `SPOOL_DIRECTORY` */
function makeClosedDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new OperatorError(
      "SPOOL_DIRECTORY",
      `Cannot make the spool ${directory}: ${code}.`,
      "Make the folder and give it to the user that emits.",
      { cause },
    );
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
