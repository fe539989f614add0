import { createAlarm } from "../../alarm.ts";
import { createSubscriber } from "../../events/subscriber.ts";
import type { TrustedKeys } from "../../events/signature.ts";
import { type FrameVerdict, verifyFrame } from "../../events/verify.ts";
import type { Log } from "../../log.ts";

/** One message of the bus and what we make of it. */
export interface Heard {
  endpoint: string;
  verdict: FrameVerdict;
}

/** Unread messages kept; a reader slower than the bus loses the oldest. */
const KEPT = 10_000;
const LOOK_MS = 60_000;

/**
 * What goes over the bus from now on, as it comes, until the signal. Needs no database: it is a
 * subscriber like any other, and verifies for itself.
 */
export async function* tailEvents(options: {
  endpoints: readonly string[];
  trusted: TrustedKeys;
  signal: AbortSignal;
  log: Log;
}): AsyncGenerator<Heard> {
  const heard: Heard[] = [];
  const alarm = createAlarm();
  const subscriber = createSubscriber({
    endpoints: options.endpoints,
    log: options.log,
    onFrame(json, endpoint) {
      if (heard.length >= KEPT) heard.shift();
      heard.push({ endpoint, verdict: verifyFrame(json, options.trusted) });
      alarm.ring();
    },
  });
  options.signal.addEventListener("abort", alarm.ring, { once: true });
  await subscriber.start();
  try {
    while (!options.signal.aborted) {
      yield* heard.splice(0);
      if (heard.length === 0) await alarm.wait(LOOK_MS);
    }
  } finally {
    await subscriber.stop();
  }
}
