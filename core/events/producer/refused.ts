import { readFileSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** An event that a Lighthouse refused for good. */
export interface RefusedEvent {
  /** When we heard of it. */
  time: string;
  server: string;
  reason: string;
  /** The event as it was signed. */
  event: string;
}

/** Beyond it the file is put aside and the one put aside before is forgotten. */
const LIMIT_BYTES = 16 << 20;

/** Where a lane keeps what was refused: one JSON object a line. */
export function createRefusedFile(directory: string): {
  add(event: string, server: string, reason: string): Promise<void>;
} {
  const [path, old] = refusedPaths(directory);
  let last: Promise<void> = Promise.resolve();
  // A crash may have left half a line, which must not spoil the next one.
  let mark = "\n";

  async function write(line: string): Promise<void> {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LIMIT_BYTES) renameSync(path, old);
    const file = await open(path, "a", 0o600);
    try {
      await file.appendFile(mark + line);
      mark = "";
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  return {
    add(event, server, reason) {
      const refused: RefusedEvent = { time: new Date().toISOString(), server, reason, event };
      const line = `${JSON.stringify(refused)}\n`;
      last = last.catch(() => undefined).then(() => write(line));
      return last;
    },
  };
}

/** What was refused from a lane, oldest first. A line that a crash tore is passed over. */
export function readRefused(directory: string): RefusedEvent[] {
  const [path, old] = refusedPaths(directory);
  return [old, path]
    .filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .flatMap((line) => parseLine(line) ?? []);
}

function refusedPaths(directory: string): [string, string] {
  return [join(directory, "refused.jsonl"), join(directory, "refused.old.jsonl")];
}

function parseLine(line: string): RefusedEvent | undefined {
  try {
    return JSON.parse(line) as RefusedEvent;
  } catch {
    return undefined;
  }
}
