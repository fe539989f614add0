import { type EventRows, numberedText } from "../../events/event-rows.ts";
import type { PublishedEvent } from "../../events/published.ts";

/** Events that were stored a moment ago and wait to be sent, by their numbers. */
export interface Ready {
  /** @param numbers those that were known have none */
  add(events: EventRows, numbers: readonly (number | undefined)[]): void;
  /** The next number that waits here; undefined when none does. */
  next(): number | undefined;
  /** Takes one out: in its published form, or undefined when it has to be read from the journal. */
  take(sequence: number): PublishedEvent<Buffer> | undefined;
}

/** Kept at most; what comes on top of it is read from the journal. */
const KEPT = 5_000;

export function createReady(): Ready {
  // In the order of numbers, as they were given.
  const waiting = new Map<number, { events: EventRows; index: number }>();
  return {
    add(events, numbers) {
      for (const [index, sequence] of numbers.entries()) {
        if (sequence !== undefined && waiting.size < KEPT) waiting.set(sequence, { events, index });
      }
    },
    next: () => waiting.keys().next().value,
    take(sequence) {
      const found = waiting.get(sequence);
      waiting.delete(sequence);
      if (found === undefined) return undefined;
      const { events, index } = found;
      const text = numberedText(events, index, sequence);
      return text && { tag: events.tags[index] ?? "", text };
    },
  };
}
