import { setTimeout as sleep } from "node:timers/promises";
import prettyMilliseconds from "pretty-ms";
import { asError, OperatorError } from "../../errors.ts";
import { UnfitIndex } from "./download-unfit.ts";
import type { Patience } from "./fetch-retry.ts";

/** How often a suite is asked for again; each time is waited for four times as long. */
const TIMES = 2;

export interface AgainOptions extends Patience {
  signal: AbortSignal;
  /** Told before each wait. */
  onWait(): void;
}

/**
 * Imports a suite, and again from its InRelease when the indices of all mirrors do not fit to it:
 * in the middle of an update a mirror has the one new and the other old, and soon both new.
 *
 * @throws what `attempt` throws; UnfitIndex saying how often it was tried
 */
export async function untilFitting<Result>(
  attempt: () => Promise<Result>,
  options: AgainOptions,
): Promise<Result> {
  const { signal, pauseMs = 500 } = options;
  const times = Math.min(TIMES, options.retries ?? TIMES);
  let waited = 0;
  for (let time = 0; ; time++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof UnfitIndex)) throw thrown;
      if (time === times) throw time === 0 ? thrown : stillUnfit(thrown, time, waited);
      options.onWait();
      const pause = pauseMs * 10 * 4 ** time;
      waited += pause;
      await sleep(pause, undefined, { signal }).catch(() => {
        throw asError(signal.reason);
      });
    }
  }
}

function stillUnfit(last: UnfitIndex, times: number, waited: number): UnfitIndex {
  const tries = times === 1 ? "once more" : `${times} times more`;
  const within = prettyMilliseconds(waited, { secondsDecimalDigits: 0 });
  return new UnfitIndex(
    new OperatorError(
      last.code,
      `${last.message} Its InRelease was fetched ${tries} within ${within}, and they still do ` +
        "not fit together.",
      last.hint,
      { cause: last },
    ),
  );
}
