import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Channel, Outcome } from "../channels/channel.ts";
import { type Claim, settle, type Settlement } from "./claim.ts";
import { retryDelay, type RetryPolicy } from "./retry.ts";

/** How one attempt ended, and what that means for the channel. */
export interface Attempt {
  settlement: Settlement;
  /** Why the whole channel cannot work, when it cannot. */
  stop?: string;
  /** The other side said how long it wants to be left alone, for it gets too much. */
  limitedMs?: number;
}

/** A send that takes longer is given up; the same id is sent again later. */
const SEND_TIMEOUT_MS = 120_000;
/** A channel that throws this often for a delivery has a bug with it; others must go on. */
const MAX_THROWS = 10;

/**
 * Sends a claimed delivery once. Resolves with how it ended; never throws for what the channel
 * throws.
 */
export async function attemptDelivery(
  channel: Channel,
  claim: Claim,
  options: { signal: AbortSignal; retry: RetryPolicy; log: Log },
): Promise<Attempt> {
  const { delivery } = claim;
  if (delivery.edits !== undefined && !channel.canEdit && !delivery.final) {
    return cancelled(`${channel.name} cannot change messages; the final one follows`);
  }
  // Woken up after a stop of the whole process: the lease is over, and another hub sends.
  if (performance.now() > claim.validUntil)
    return later({ reason: "the lease ran out", untaken: true }, 0);
  let outcome: Outcome;
  try {
    outcome = await sendInTime(channel, claim, options.signal);
  } catch (thrown) {
    options.log.error({ err: asError(thrown), delivery: delivery.id }, "a channel failed");
    const retry = delivery.attempt < MAX_THROWS;
    outcome = { outcome: "failed", retry, reason: `internal: ${asError(thrown).message}` };
  }
  if (outcome.outcome === "delivered") {
    return { settlement: { state: "sent", remoteId: outcome.remoteId } };
  }
  if (outcome.outcome === "skipped") return cancelled(outcome.reason);
  if (!outcome.retry) {
    const { reason, untaken = false } = outcome;
    return { settlement: { state: "dead", reason, untaken } };
  }
  const delay = retryDelay(delivery.attempt, Math.random(), options.retry);
  const attempt = later(outcome, outcome.afterMs ?? delay);
  if (outcome.stop === true) return { ...attempt, stop: outcome.reason };
  return outcome.limited === true ? { ...attempt, limitedMs: outcome.afterMs ?? delay } : attempt;
}

function later(
  { reason, untaken = false }: { reason: string; untaken?: boolean },
  delayMs: number,
): Attempt {
  return { settlement: { state: "pending", reason, delayMs, untaken } };
}

function cancelled(reason: string): Attempt {
  return { settlement: { state: "cancelled", reason } };
}

/** Bounded whatever the channel does with its signal. */
async function sendInTime(channel: Channel, claim: Claim, signal: AbortSignal): Promise<Outcome> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
  const given = new Promise<Outcome>((resolve) => {
    function giveUp(): void {
      const interrupted = signal.aborted;
      const reason = interrupted ? asError(signal.reason).message : "no answer in 2 minutes";
      resolve({ outcome: "failed", retry: true, reason, ...(interrupted ? { afterMs: 0 } : {}) });
    }
    if (limit.aborted) giveUp();
    else limit.addEventListener("abort", giveUp, { once: true });
  });
  return Promise.race([channel.send(claim.delivery, limit), given]);
}

/**
 * Writes how an attempt ended; while the database does not answer, again, as long as the claim
 * holds.
 *
 * @returns false when another hub has the delivery now
 * @throws what the database threw last
 */
export async function settleAttempt(
  claim: Claim,
  attempt: Attempt,
  patienceMs: number,
): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await settle(claim, attempt.settlement);
    } catch (thrown) {
      if (performance.now() > until) throw thrown;
      await sleep(500);
    }
  }
}
