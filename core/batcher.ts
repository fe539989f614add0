import { setTimeout as sleep } from "node:timers/promises";
import { createAlarm } from "./alarm.ts";
import { asError } from "./errors.ts";
import type { Log } from "./log.ts";

export interface BatcherOptions<Item> {
  /** Takes a batch, for good once it resolves. Called again with the same one after a throw. */
  take(batch: Item[]): Promise<unknown>;
  /** At most so many at once. */
  size: number;
  /** So long a single one waits for company. */
  waitMs: number;
  log: Log;
}

/** Gathers items into batches. */
export interface Batcher<Item> {
  /**
   * Adds an item. Resolves at once while there is room, else when there is room again: whoever
   * awaits it is slowed down instead of filling the memory.
   */
  add(item: Item): Promise<void>;
  /** Takes what is left, once, and ends. */
  close(): Promise<void>;
}

const RETRY_MS = 500;
/** So many batches may wait for the database. */
const QUEUED_BATCHES = 20;

/** Batches in order, one at a time, each until it is taken: nothing is dropped while we run. */
export function createBatcher<Item>(options: BatcherOptions<Item>): Batcher<Item> {
  const waiting: Item[] = [];
  let working: Promise<void> | undefined;
  let closing = false;
  const full = createAlarm();
  let roomFree: Promise<void> | undefined;
  let announceRoom: () => void = () => undefined;

  async function work(): Promise<void> {
    if (waiting.length < options.size && !closing) await full.wait(options.waitMs);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.size);
      try {
        await options.take(batch);
      } catch (thrown) {
        options.log.error({ err: asError(thrown), items: batch.length }, "cannot take a batch");
        if (closing) return;
        await sleep(RETRY_MS);
        continue;
      }
      waiting.splice(0, batch.length);
      announceRoom();
    }
  }

  function startWork(): void {
    working ??= work().finally(() => {
      working = undefined;
      if (waiting.length > 0 && !closing) startWork();
    });
  }

  return {
    async add(item) {
      while (waiting.length >= options.size * QUEUED_BATCHES && !closing) {
        roomFree ??= new Promise((resolve) => {
          announceRoom = () => {
            roomFree = undefined;
            resolve();
          };
        });
        await roomFree;
      }
      waiting.push(item);
      if (waiting.length >= options.size) full.ring();
      startWork();
    },
    async close() {
      closing = true;
      full.ring();
      announceRoom();
      await working;
      if (waiting.length > 0) await work();
    },
  };
}
