import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../../errors.ts";
import type { Service } from "../../service.ts";
import { type Lane, takeLeftLanes } from "./lane.ts";
import { openProducerOn, type ProducerOptions } from "./producer.ts";

const LOOK_MS = 5_000;
const DRAIN_MS = 1_000;

/**
 * Delivers what others left in a spool: commands that did not wait, programs that were killed.
 * Looks again and again, as they may leave something at any time.
 */
export function createCourier(options: ProducerOptions): Service {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await Promise.all(takeLeftLanes(options.spool).map(carry));
      } catch (thrown) {
        options.log?.error({ err: asError(thrown) }, "cannot deliver the spool");
      }
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function carry(lane: Lane): Promise<void> {
    options.log?.info({ lane: lane.directory }, "delivers what was left in the spool");
    const producer = openProducerOn(lane, options);
    while (!stopping.signal.aborted && !(await producer.drain(DRAIN_MS)));
    await producer.close();
  }

  return {
    name: "courier",
    start() {
      loop = run();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** Tries for some time to deliver what was left in a spool; as much as nobody else works on. */
export async function flushSpool(options: ProducerOptions, within: number): Promise<void> {
  await Promise.all(
    takeLeftLanes(options.spool).map(async (lane) => {
      const producer = openProducerOn(lane, options);
      await producer.drain(within);
      await producer.close();
    }),
  );
}
