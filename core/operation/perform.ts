import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { database } from "../database/connect.ts";
import type { Operation } from "../model/operation.ts";
import type { Admitted } from "./ask.ts";
import { enqueue } from "./queue.ts";
import { begin, lockOperation, runClaim, type RunOptions, takeLocks } from "./run.ts";

const LOCK_POLL_MS = 500;

/**
 * Runs admitted work here and now instead of leaving it to a runner: what the command line does.
 * It is a row of the queue like any other, seen, locked and audited the same way.
 *
 * @returns the finished operation, or undefined when the signal came before it began
 */
export async function perform(
  admitted: Admitted,
  options: RunOptions,
): Promise<Operation | undefined> {
  const client = await database().client();
  try {
    const id = randomUUID();
    // Locked before it is in the queue, so that no runner can take it first.
    await lockOperation(client, id);
    const operation = await enqueue(admitted, id);
    await waitForLocks(client, operation.locks, options);
    const claim = await begin(client, id);
    return claim && (await runClaim(claim, admitted.declaration, options));
  } finally {
    await client.end();
  }
}

async function waitForLocks(
  client: pg.Client,
  locks: string[],
  options: RunOptions,
): Promise<void> {
  for (;;) {
    const held = await takeLocks(client, locks);
    if (held === undefined || options.signal.aborted) return;
    options.onProgress?.({ step: `Waiting: another operation works on ${held}` });
    await sleep(LOCK_POLL_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
