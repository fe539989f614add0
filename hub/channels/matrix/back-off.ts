import { setTimeout as sleep } from "node:timers/promises";

/** Pauses between attempts: doubled after each failure, and never shorter than was asked for. */
export interface BackOff {
  /** Milliseconds of the next pause; the one after it will be longer. */
  delay(atLeastMs?: number): number;
  /** Waits that long; returns early, and false, once the signal is aborted. */
  pause(signal: AbortSignal, atLeastMs?: number): Promise<boolean>;
  /** After a success. */
  reset(): void;
}

/** @param random from 0 to 1, what `Math.random` gives */
export function createBackOff(
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  random: () => number = Math.random,
): BackOff {
  let next = firstMs;
  function delay(atLeastMs = 0): number {
    // Spread, so that many clients of a homeserver that came back do not all come at once.
    const spread = next * (0.75 + random() / 2);
    next = Math.min(maxMs, next * 2);
    return Math.max(spread, atLeastMs);
  }
  return {
    delay,
    pause: (signal, atLeastMs) => pause(delay(atLeastMs), signal),
    reset: () => {
      next = firstMs;
    },
  };
}

/** Waits; returns early, and false, once the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
