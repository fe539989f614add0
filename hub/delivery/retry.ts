/** When to try again. */
export interface RetryPolicy {
  firstMs: number;
  lastMs: number;
}

export const RETRY: RetryPolicy = { firstMs: 1_000, lastMs: 3_600_000 };

/**
 * How long to wait after a failed attempt: doubling from the first to the last delay, spread by a
 * quarter either way so that many that failed together do not come back together.
 *
 * @param attempts made so far, from 1
 * @param chance   a number from 0 to 1
 * @returns milliseconds, never below `firstMs` nor above `lastMs`
 */
export function retryDelay(attempts: number, chance: number, policy: RetryPolicy = RETRY): number {
  const doubled = policy.firstMs * 2 ** Math.min(Math.max(attempts - 1, 0), 50);
  const spread = doubled * (0.75 + chance / 2);
  return Math.round(Math.min(Math.max(spread, policy.firstMs), policy.lastMs));
}
