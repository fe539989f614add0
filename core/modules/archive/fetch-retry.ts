import { setTimeout as sleep } from "node:timers/promises";
import prettyMilliseconds from "pretty-ms";
import { asError, OperatorError } from "../../errors.ts";

/** How much is put up with before a server is given up. */
export interface Patience {
  /** A server that says nothing, or next to nothing, for so long is given up. */
  patienceMs?: number;
  /** Further tries in a row that bring nothing new. */
  retries?: number;
  /** Before the first further try; each further one waits twice as long. */
  pauseMs?: number;
}

/** No server is waited for longer than this, whatever it asks for. */
const LONGEST_PAUSE = 30_000;
/** Also when each try brings something: a server that sends a byte at a time is none. */
const MOST_TRIES = 200;
/** A certificate does not become right, nor a name known, within seconds. */
const FINAL =
  /^(ENOTFOUND|ERR_TLS_|ERR_SSL_|ERR_INVALID_URL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/** The server may recover. */
export class TryAgain extends Error {
  /** Milliseconds it asks to be left alone. */
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs?: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** The server is there, but so slow that what it brought was not worth the wait. */
export class TooSlow extends Error {}

/** The server does not give the rest of the file; it is to be asked for the whole. */
export class RangeRefused extends Error {}

/**
 * Does something until it succeeds, or has failed too often in a row, with pauses that grow and
 * that chance makes differ, so that many who were cut off together do not come back together.
 *
 * @param reached how far it came by now: a try that came further than all before is none in vain
 * @throws what the last try threw; OperatorError at once
 */
export async function retrying<Result>(
  attempt: () => Promise<Result>,
  reached: () => number,
  patience: Patience,
  signal: AbortSignal,
): Promise<Result> {
  const { retries = 3, pauseMs = 500 } = patience;
  let best = reached();
  let inVain = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (isFinal(thrown) || tries >= MOST_TRIES) throw thrown;
      if (reached() > best && !(thrown instanceof TooSlow)) inVain = 0;
      else inVain++;
      best = Math.max(best, reached());
      if (inVain > retries) throw thrown;
      const asked = thrown instanceof TryAgain ? (thrown.afterMs ?? 0) : 0;
      if (asked > LONGEST_PAUSE) throw tooLong(thrown, asked);
      const pause = Math.min(pauseMs * 2 ** Math.max(0, inVain - 1), LONGEST_PAUSE);
      await sleep(asked + pause * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

function tooLong(thrown: unknown, asked: number): Error {
  const rest = prettyMilliseconds(asked, { compact: true });
  return new Error(`${asError(thrown).message} and asks to come back in ${rest}`);
}

function isFinal(thrown: unknown): boolean {
  if (thrown instanceof OperatorError) return true;
  const { code } = thrown as NodeJS.ErrnoException;
  return typeof code === "string" && FINAL.test(code);
}
