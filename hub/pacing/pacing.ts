import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../../core/errors.ts";
import type { Service } from "../../core/service.ts";
import { flushDue } from "./flush.ts";
import type { Pacing } from "./pace.ts";

/** Other hubs make bundles too: the table is asked at least so often. */
const POLL_MS = 1_000;
/** Nothing is due sooner than this after the last look. */
const SHORTEST_MS = 20;

/**
 * Tells what waits when its time has come. Timers are rows, so that any number of hubs may run
 * this, and none has to live.
 */
export function createFlushing(pacing: Pacing): Service {
  const stop = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      let pause = POLL_MS;
      try {
        const now = new Date();
        const { served, next } = await flushDue(pacing, now);
        const untilNext = next === undefined ? POLL_MS : next.getTime() - Date.now();
        pause = served > 0 ? 0 : Math.min(POLL_MS, Math.max(SHORTEST_MS, untilNext));
      } catch (thrown) {
        pacing.log.error({ err: asError(thrown) }, "cannot tell what is due");
      }
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  return {
    name: "pacing",
    start() {
      loop = run();
      return Promise.resolve();
    },
    async stop() {
      stop.abort();
      await loop;
    },
  };
}
