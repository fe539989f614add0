import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type Admission, type Admitted, createAdmission } from "./admission.ts";
import type { AdmissionTask, AdmissionThread } from "./admission-thread.ts";

/** Decides on submitted frames, in threads when there are many. */
export interface Admitter {
  /** @param publish whether they are published as well as stored */
  admit(frames: readonly Buffer[], publish: boolean): Promise<Admitted>;
  close(): Promise<void>;
}

export interface AdmitterOptions extends Admission {
  log: Log;
}

/** Fewer frames are decided at once, where they are: handing them over takes longer. */
const WORTH_HANDING_OVER = 16;
/** Signatures are the cost of an event; beyond this it is the database. */
const MOST_THREADS = 4;
/** A thread holds a few batches; left to itself it would let garbage gather. */
const HEAP = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

/** A thread and what it owes us, oldest first. */
interface Running {
  worker: Worker;
  /** Starting takes it a while; until then frames are decided here. */
  ready: boolean;
  owed: { resolve: (admitted: Admitted) => void; reject: (error: Error) => void }[];
}

/**
 * Signatures are most of the work of taking an event in, and the rest (sockets, database,
 * publishing) keeps half a thread busy. So threads decide while there is a burst; they are started
 * by the first one, and a quiet Lighthouse never has any.
 */
export function createAdmitter(options: AdmitterOptions): Admitter {
  const { keyring, lighthouse, log, rules } = options;
  // Threads know what the key directory says, and nothing else.
  const others = Math.max(1, availableParallelism() - 1);
  const most = rules.authority === keyring ? Math.min(MOST_THREADS, others) : 0;
  const decideHere = createAdmission(options);
  const threads: Running[] = [];
  let next = 0;

  function start(): Running {
    const { window } = rules;
    const { directory: keys, host, recheckMilliseconds } = keyring;
    const knows = { keys, host, recheckMilliseconds, window, lighthouse };
    const worker = new Worker(new URL("admission-thread.js", import.meta.url), {
      workerData: knows satisfies AdmissionThread,
      resourceLimits: HEAP,
    });
    const running: Running = { worker, ready: false, owed: [] };
    const end = (error: Error): void => {
      threads.splice(0, threads.length, ...threads.filter((one) => one !== running));
      for (const { reject } of running.owed.splice(0)) reject(error);
    };
    worker.once("message", () => {
      running.ready = true;
      worker.on("message", (admitted: Admitted) => running.owed.shift()?.resolve(admitted));
    });
    worker.once("error", end);
    worker.once("exit", (status) => end(new Error(`a thread ended with ${status}`)));
    threads.push(running);
    return running;
  }

  function handOver(
    frames: readonly Buffer[],
    publish: boolean,
    { worker, owed }: Running,
  ): Promise<Admitted> {
    const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    const ends: number[] = [];
    let end = 0;
    for (const frame of frames) {
      bytes.set(frame, end);
      ends.push((end += frame.length));
    }
    return new Promise((resolve, reject) => {
      owed.push({ resolve, reject });
      worker.postMessage({ bytes, ends, publish } satisfies AdmissionTask, [bytes.buffer]);
    });
  }

  return {
    async admit(frames, publish) {
      if (most < 1 || frames.length < WORTH_HANDING_OVER) return decideHere(frames, publish);
      next = (next + 1) % most;
      const running = threads[next] ?? start();
      if (!running.ready) return decideHere(frames, publish);
      try {
        return await handOver(frames, publish, running);
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "a thread that admits events failed");
        return decideHere(frames, publish);
      }
    },
    async close() {
      await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}
