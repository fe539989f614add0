import type { Place } from "./lane-reader.ts";
import type { Outcome } from "./delivery.ts";
import type { Spool } from "./spool.ts";

/** An event under way. */
export interface Entry {
  /** Asked with, and answered with. */
  number: number;
  text: string;
  end: Place;
  /** By `performance.now()`; undefined while it is not sent over this connection. */
  sentAt: number | undefined;
  done: "no" | "refusing" | "yes";
}

/**
 * The events between the spool and a Lighthouse: read, perhaps sent, not settled. They are settled
 * towards the spool in their order, in whatever order the answers come.
 */
export interface Flight {
  size(): number;
  /** Takes more from the spool, up to so many windows. @returns false when there is no more now */
  load(windows: number): Promise<boolean>;
  /** The first that this connection has not sent. */
  next(): Entry | undefined;
  sent(entry: Entry): void;
  /** A new connection has sent nothing yet. */
  rewind(): void;
  settled(number: number, server: string, kind: "accepted" | "duplicate"): void;
  refused(number: number, server: string, reason: string): void;
  /** Settles what was sent before a moment, towards a server that does not answer. */
  handOver(server: string, before: number): void;
  /** When the oldest was sent; infinity when it is not. */
  oldestSent(): number;
  /** How many were settled since the start. */
  settledCount(): number;
}

/** Unacknowledged at once, less than what Lighthouse's socket keeps for one sender. */
const WINDOW = 1_000;

export function createFlight(options: {
  spool: Spool;
  onOutcome: ((outcome: Outcome) => void) | undefined;
  onSettled: () => void;
  onFault: (fault: unknown) => void;
}): Flight {
  const { spool } = options;
  const entries: Entry[] = [];
  /** Index of the first that was not sent. */
  let unsent = 0;
  let counted = 0;
  let count = 0;

  function find(number: number): Entry | undefined {
    const entry = entries[number - (entries[0]?.number ?? 0)];
    return entry?.done === "no" ? entry : undefined;
  }

  function finish(entry: Entry, outcome: Outcome): void {
    entry.done = "yes";
    options.onOutcome?.(outcome);
    const open = entries.findIndex(({ done }) => done !== "yes");
    const settled = entries.splice(0, open === -1 ? entries.length : open);
    const last = settled.at(-1);
    if (last === undefined) return;
    count += settled.length;
    unsent = Math.max(0, unsent - settled.length);
    spool.settle(last.end);
    options.onSettled();
  }

  return {
    size: () => entries.length,
    async load(windows) {
      const room = WINDOW * windows - entries.length;
      const more = room > 0 ? await spool.read(room) : [];
      for (const { text, end } of more) {
        entries.push({ number: ++counted, text, end, sentAt: undefined, done: "no" });
      }
      return more.length > 0;
    },
    next() {
      while (unsent < entries.length && entries[unsent]?.done !== "no") unsent += 1;
      return entries[unsent];
    },
    sent(entry) {
      entry.sentAt = performance.now();
      unsent += 1;
    },
    rewind() {
      unsent = 0;
      for (const entry of entries) entry.sentAt = undefined;
    },
    settled(number, server, kind) {
      const entry = find(number);
      if (entry !== undefined) finish(entry, { kind, server, text: entry.text });
    },
    refused(number, server, reason) {
      const entry = find(number);
      if (entry === undefined) return;
      entry.done = "refusing";
      const { text } = entry;
      spool
        .refuse(text, server, reason)
        .then(() => finish(entry, { kind: "refused", server, reason, text }))
        .catch((thrown: unknown) => {
          // It stays in the spool, and the next connection offers it again.
          entry.done = "no";
          options.onFault(thrown);
        });
    },
    handOver(server, before) {
      for (;;) {
        const [entry] = entries;
        if (entry?.done !== "no" || (entry.sentAt ?? Infinity) > before) return;
        finish(entry, { kind: "handed-over", server, text: entry.text });
      }
    },
    oldestSent: () => entries[0]?.sentAt ?? Infinity,
    settledCount: () => count,
  };
}
