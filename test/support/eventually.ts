import { setTimeout as sleep } from "node:timers/promises";

/** The longest that anything is waited for; only a failing test waits that long. */
const PATIENCE_MS = 30_000;

/**
 * Waits until a condition holds.
 *
 * @throws Error that names what did not happen
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
    await sleep(10);
  }
}
