import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type AdmissionRules, admitFrame } from "../../events/admission.ts";
import type { FrameVerdict } from "../../events/verify.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { AdmissionTask, AdmissionThread } from "./admission-thread.ts";

/** Decides on submitted frames, in threads when there are many. */
export interface Admitter {
  /** The verdicts in the order of the frames. */
  admit(frames: readonly Buffer[]): Promise<FrameVerdict[]>;
  close(): Promise<void>;
}

/** Fewer frames are decided at once, where they are: handing them over takes longer. */
const WORTH_HANDING_OVER = 16;
/** The signature is the cost of an event; beyond this it is the database. */
const MOST_THREADS = 4;
/** A thread holds a few batches; left to itself it would let garbage gather. */
const HEAP = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

/** A thread and what it owes us, oldest first. */
interface Running {
  worker: Worker;
  owed: { resolve: (verdicts: FrameVerdict[]) => void; reject: (error: Error) => void }[];
}

/**
 * Signatures are two thirds of the work of taking an event in, and the other third (sockets,
 * database, publishing) keeps one thread busy. So threads verify while there is a burst; they are
 * started by the first one, and a quiet Lighthouse never has any.
 *
 * @param thread what a thread needs to decide as `rules` do; without it there are none
 */
export function createAdmitter(
  rules: AdmissionRules,
  thread: AdmissionThread | undefined,
  log: Log,
): Admitter {
  const most = Math.min(MOST_THREADS, availableParallelism() - 1);
  const threads: Running[] = [];
  let next = 0;

  function decideHere(frames: readonly Buffer[]): FrameVerdict[] {
    return frames.map((frame) => admitFrame(frame, "submit", rules));
  }

  function start(workerData: AdmissionThread): Running {
    const worker = new Worker(new URL("admission-thread.js", import.meta.url), {
      workerData,
      resourceLimits: HEAP,
    });
    const running: Running = { worker, owed: [] };
    const end = (error: Error): void => {
      threads.splice(0, threads.length, ...threads.filter((one) => one !== running));
      for (const { reject } of running.owed.splice(0)) reject(error);
    };
    worker.on("message", (verdicts: FrameVerdict[]) => running.owed.shift()?.resolve(verdicts));
    worker.once("error", end);
    worker.once("exit", (status) => end(new Error(`a thread ended with ${status}`)));
    threads.push(running);
    return running;
  }

  function handOver(frames: readonly Buffer[], { worker, owed }: Running): Promise<FrameVerdict[]> {
    const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    const ends: number[] = [];
    let end = 0;
    for (const frame of frames) {
      bytes.set(frame, end);
      ends.push((end += frame.length));
    }
    return new Promise((resolve, reject) => {
      owed.push({ resolve, reject });
      worker.postMessage({ bytes, ends } satisfies AdmissionTask, [bytes.buffer]);
    });
  }

  return {
    async admit(frames) {
      if (thread === undefined || most < 1 || frames.length < WORTH_HANDING_OVER) {
        return decideHere(frames);
      }
      next = (next + 1) % most;
      try {
        return await handOver(frames, threads[next] ?? start(thread));
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "a thread that admits events failed");
        return decideHere(frames);
      }
    },
    async close() {
      await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}
