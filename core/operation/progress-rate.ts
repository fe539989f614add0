import type { Progress } from "./declare.ts";

/** What was done this long ago counts a third of what is done now. */
const MEMORY_MS = 5_000;
/** Two reports closer than this are one sample. */
const SAMPLE_MS = 200;
/** Nothing is foretold from less. */
const ENOUGH_MS = 600;

/** Adds rate and time left to the progress of one operation. */
export type RateMeter = (progress: Progress, atMs: number) => Progress;

/**
 * The rate is what was done lately by the time it took, both fading with age: it follows a change
 * within seconds and does not jump with each report. Begins anew when the count does: names of steps
 * change all the time where several things are done at once.
 */
export function createRateMeter(): RateMeter {
  let last: { done: number; packages: number; at: number } | undefined;
  let fading = { time: 0, done: 0, packages: 0 };

  function sample(progress: Progress, done: number, at: number): void {
    const packages = progress.packages ?? 0;
    if (last === undefined || done < last.done) {
      last = { done, packages, at };
      fading = { time: 0, done: 0, packages: 0 };
      return;
    }
    const elapsed = at - last.at;
    if (elapsed < SAMPLE_MS) return;
    const weight = Math.exp(-elapsed / MEMORY_MS);
    fading = {
      time: fading.time * weight + elapsed / 1_000,
      done: fading.done * weight + done - last.done,
      packages: fading.packages * weight + Math.max(0, packages - last.packages),
    };
    last = { done, packages, at };
  }

  return (progress, at) => {
    const { done, total, packages } = progress;
    if (done === undefined) return progress;
    sample(progress, done, at);
    if (fading.time < ENOUGH_MS / 1_000) return progress;
    const rate = fading.done / fading.time;
    const left = total === undefined || rate <= 0 ? undefined : Math.max(0, total - done) / rate;
    return {
      ...progress,
      rate: rounded(rate),
      ...(packages === undefined ? {} : { packagesRate: rounded(fading.packages / fading.time) }),
      ...(left === undefined ? {} : { secondsLeft: Math.ceil(left) }),
    };
  };
}

/** Three digits are more than anybody knows of a rate. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3));
}
