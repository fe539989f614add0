import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../../core/errors.ts";
import type { Environment } from "../../core/operation/declare.ts";
import type { Service } from "../../core/service.ts";
import { recoverySources, sweep } from "./sweep.ts";

/** With the grace of a sweep: what was not told is told within half a minute. */
const SWEEP_MS = 20_000;

/** Finds again and again what the database shows and nobody told. */
export function createRecovery({ log, registry }: Environment): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (;;) {
      await sleep(SWEEP_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      for (const source of recoverySources(registry)) {
        try {
          const told = await sweep(source, { signal });
          if (told > 0) log.warn({ source: source.name, events: told }, "told what had no event");
        } catch (thrown) {
          log.error({ err: asError(thrown), source: source.name }, "cannot look for lost events");
        }
      }
    }
  }

  return {
    name: "recovery",
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
