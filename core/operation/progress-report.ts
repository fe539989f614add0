import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Progress } from "./declare.ts";
import { createRateMeter } from "./progress-rate.ts";

const STORE_INTERVAL_MS = 400;
/** When nothing is heard for so long, the last rate is no longer true. */
const STALL_MS = 5_000;

export interface ProgressReporter {
  /** Takes what an operation reports, however often. */
  report(progress: Progress): void;
  stop(): void;
}

/**
 * Between an operation and those who watch it: adds rate and time left, and stores a few times a
 * second.
 */
export function createProgressReporter(options: {
  log: Log;
  store: (progress: Progress) => Promise<void>;
  onProgress?: (progress: Progress) => void;
}): ProgressReporter {
  const rated = createRateMeter();
  let latest: Progress | undefined;
  let storing: NodeJS.Timeout | undefined;
  const stall = setTimeout(() => {
    if (latest?.done !== undefined) tell(withoutRate(latest));
  }, STALL_MS);

  function tell(progress: Progress): void {
    latest = progress;
    options.onProgress?.(progress);
    storing ??= setTimeout(store, STORE_INTERVAL_MS);
  }

  function store(): void {
    storing = undefined;
    if (latest === undefined) return;
    options.store(latest).catch((thrown: unknown) => {
      options.log.warn({ err: asError(thrown) }, "cannot store progress");
    });
  }

  return {
    report(progress) {
      stall.refresh();
      tell(rated(progress, performance.now()));
    },
    stop() {
      clearTimeout(stall);
      clearTimeout(storing);
    },
  };
}

function withoutRate(progress: Progress): Progress {
  const { secondsLeft: _left, packagesRate: _packages, ...rest } = progress;
  return { ...rest, rate: 0 };
}
