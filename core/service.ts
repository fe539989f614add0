import { OperatorError } from "./errors.ts";
import type { Log } from "./log.ts";

/** A long-running part: started in order, stopped in reverse order. */
export interface Service {
  name: string;
  start(): Promise<void>;
  /** Finishes or hands back what it holds. Must not throw for being called twice. */
  stop(): Promise<void>;
}

/** All that stops must have stopped by then; the rest is left to crash recovery. */
const STOP_TIMEOUT_MS = 4_500;

/**
 * Starts services in order; on a signal, or when `until` is aborted, stops them in reverse, each
 * step named and bounded, one failure hiding no other.
 *
 * First SIGTERM or SIGINT: stop in order. Second: leave at once; sessions and leases that die with
 * the process are taken up by the next one.
 *
 * @returns after everything stopped
 * @throws what a service's `start` threw, after stopping those before it
 */
export async function runServices(
  services: Service[],
  log: Log,
  options: { onReady?: () => void; until?: AbortSignal } = {},
): Promise<void> {
  const stopping = stopSignal(log, options.until);
  const started: Service[] = [];
  try {
    for (const service of services) {
      if (stopping.aborted) break;
      started.push(service);
      await service.start();
      log.debug({ part: service.name }, "part started");
    }
    if (!stopping.aborted) {
      options.onReady?.();
      await aborted(stopping);
    }
  } finally {
    await stopAll(started.reverse(), log);
  }
}

function stopSignal(log: Log, until?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  let signals = 0;
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (++signals > 1) process.exit(1);
      log.info({ signal: name }, "stopping");
      controller.abort();
    });
  }
  until?.addEventListener("abort", () => controller.abort(), { once: true });
  if (until?.aborted === true) controller.abort();
  return controller.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // A timer keeps the process alive even if no part holds a handle.
  const alive = setInterval(() => undefined, 1 << 30);
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(alive);
}

async function stopAll(services: Service[], log: Log): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (const service of services) {
    const left = Math.max(deadline - Date.now(), 50);
    await Promise.race([service.stop(), timeout(left, service.name)]).catch((thrown: unknown) => {
      log.error({ err: thrown, part: service.name }, "a part did not stop cleanly");
    });
  }
}

function timeout(milliseconds: number, part: string): Promise<never> {
  return new Promise((_, reject) => {
    const error = new OperatorError("STOP_TIMEOUT", `${part} did not stop in time.`);
    setTimeout(() => reject(error), milliseconds).unref();
  });
}
