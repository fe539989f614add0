import { AsyncLocalStorage } from "node:async_hooks";

const callSignals = new AsyncLocalStorage<AbortSignal>();

/** Runs calls of a client that the signal aborts, besides the session's own. */
export function withSignal<Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  return signal === undefined ? work() : callSignals.run(signal, work);
}

/** The signal that the caller runs under, if any. */
export function callSignal(): AbortSignal | undefined {
  return callSignals.getStore();
}
