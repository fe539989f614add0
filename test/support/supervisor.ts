import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

/** What an operator's supervisor does: starts a program, and again whenever it ends. */
export interface Kept {
  /** kill -9; false when it is not running at this moment. */
  kill(signal?: NodeJS.Signals): boolean;
  /** How it ended, each time it did by itself. */
  ends: string[];
  stop(): void;
}

const PAUSE_MS = 100;

/**
 * Keeps a Node program running.
 *
 * @param words  script and arguments
 * @param file   of the log of all its lives
 * @param isDone whether it ended for good with this status
 */
export function keepRunning(
  words: string[],
  file: string,
  isDone: (status: number | null) => boolean = () => false,
): Kept {
  const log = createWriteStream(file, { flags: "a" });
  const ends: string[] = [];
  let child: ChildProcess;
  let stopped = false;
  let killed = false;
  function start(): void {
    if (stopped) return;
    child = spawn(process.execPath, ["--enable-source-maps", ...words]);
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.once("exit", (status, signal) => {
      if (!killed && !stopped) ends.push(`${status ?? signal}`);
      killed = false;
      if (!isDone(status)) setTimeout(start, PAUSE_MS);
    });
  }
  start();
  return {
    ends,
    kill(signal = "SIGKILL") {
      const sent = child.kill(signal);
      if (signal === "SIGKILL") killed = sent;
      return sent;
    },
    stop() {
      stopped = true;
      child.kill("SIGKILL");
    },
  };
}
