import { setTimeout as sleep } from "node:timers/promises";
import { inTransaction } from "../../database/connect.ts";
import { storeEvents } from "../../events/journal.ts";
import { quarantine, type QuarantinedFrame } from "../../events/quarantine.ts";
import { addToTally } from "../../events/tally.ts";
import type { VerifiedEvent } from "../../events/verify.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** What became of a submitted event. */
export type Fate = { kind: "stored" | "duplicate" } | { kind: "refused"; reason: string };

/** Gathers what came in and writes it in batches; nothing is answered before it is on disk. */
export interface Inbox {
  /** Resolves when the event is in the journal, or is known there, or can never be. */
  add(event: VerifiedEvent): Promise<Fate>;
  /** Counts a refused frame and keeps it, unless there are too many of them at once. */
  refuse(frame: QuarantinedFrame): void;
  /** True while so much waits for the database that reading should pause. */
  full(): boolean;
  /** Writes what was added. Gives up when the database fails now, for the program ends. */
  close(): Promise<void>;
}

/** What was refused since the last batch: all of it counted, some of it kept. */
interface Refusals {
  counts: Record<string, number>;
  frames: QuarantinedFrame[];
}

const NOTHING_REFUSED: Refusals = { counts: {}, frames: [] };

interface Waiting {
  event: VerifiedEvent;
  resolve: (fate: Fate) => void;
}

/** Micro-batches: 15 times as fast as a transaction for each event. */
const BATCH = 500;
const GATHER_MS = 10;
const RETRY_MS = 1_000;
/** In memory at most: several batches of usual events, or a few of the longest. */
const FULL_EVENTS = 4_000;
const FULL_CHARACTERS = 8_000_000;
/** Refused frames kept in each window; the rest is only counted, or a flood would fill the disk. */
const QUARANTINE_WINDOW_MS = 10_000;
const QUARANTINE_LIMIT = 200;
/** SQLSTATE classes that say "never": data exception, integrity constraint, program limit. */
const HOPELESS = /^(22|23|54)/;

export function createInbox(log: Log): Inbox {
  let events: Waiting[] = [];
  let characters = 0;
  let refusals: Refusals = { counts: {}, frames: [] };
  let working: Promise<void> | undefined;
  let closing = false;
  const window = { began: 0, count: 0 };

  function wake(): void {
    working ??= work().finally(() => {
      working = undefined;
      if (!isEmpty()) wake();
    });
  }

  async function work(): Promise<void> {
    await sleep(GATHER_MS);
    while (!isEmpty()) {
      const batch = events.slice(0, BATCH);
      const refused = refusals;
      refusals = { counts: {}, frames: [] };
      await writeUntilDone(batch, refused);
      events = events.slice(batch.length);
      for (const { event } of batch) characters -= event.body.length;
    }
  }

  function isEmpty(): boolean {
    return events.length === 0 && Object.keys(refusals.counts).length === 0;
  }

  async function writeUntilDone(batch: Waiting[], refused: Refusals): Promise<void> {
    for (;;) {
      try {
        return await write(batch, refused);
      } catch (thrown) {
        const err = asError(thrown);
        if (isHopeless(thrown)) return await writeApart(batch, refused, err);
        log.error({ err, waiting: events.length }, "cannot store events");
        // What came later must not be stored without what came before: nobody heard that we have it.
        if (closing) return void (events = []);
        await sleep(RETRY_MS);
      }
    }
  }

  /** What the database can never take must not hold up the rest. */
  async function writeApart(batch: Waiting[], refused: Refusals, err: Error): Promise<void> {
    const [first, ...others] = batch;
    if (refused.frames.length > 0) {
      log.error({ err, frames: refused.frames.length }, "cannot keep refused frames");
      await writeUntilDone(batch, { ...refused, frames: [] });
    } else if (others.length > 0) {
      await writeUntilDone([], refused);
      for (const one of batch) {
        // Nothing is left when a stop gave up on the one before.
        if (events.length > 0) await writeUntilDone([one], NOTHING_REFUSED);
      }
    } else if (first !== undefined) {
      log.error({ err, uuid: first.event.uuid }, "cannot store an event");
      const database = (refused.counts["database"] ?? 0) + 1;
      await writeUntilDone([], { frames: [], counts: { ...refused.counts, database } });
      first.resolve({ kind: "refused", reason: `the database refuses it: ${err.message}` });
    }
  }

  return {
    add: (event) =>
      new Promise((resolve) => {
        events.push({ event, resolve });
        characters += event.body.length;
        wake();
      }),
    refuse(frame) {
      refusals.counts[frame.code] = (refusals.counts[frame.code] ?? 0) + 1;
      wake();
      const now = performance.now();
      if (now - window.began > QUARANTINE_WINDOW_MS)
        Object.assign(window, { began: now, count: 0 });
      if (++window.count > QUARANTINE_LIMIT) return;
      refusals.frames.push(frame);
    },
    full: () => events.length >= FULL_EVENTS || characters >= FULL_CHARACTERS,
    async close() {
      closing = true;
      while (working !== undefined) await working;
    },
  };
}

async function write(batch: Waiting[], refused: Refusals): Promise<void> {
  const stored = await inTransaction(async () => {
    await quarantine(refused.frames);
    const numbers = await storeEvents(
      batch.map((one) => one.event),
      "submitted",
    );
    await addToTally("submission_tally", {
      received: batch.length + sum(Object.values(refused.counts)),
      stored: numbers.size,
      duplicate: batch.length - numbers.size,
      quarantined: refused.counts,
    });
    return numbers;
  });
  const fresh = new Set(stored.keys());
  for (const { event, resolve } of batch) {
    // Of two equal ones in a batch the first was stored.
    resolve({ kind: fresh.delete(event.uuid) ? "stored" : "duplicate" });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function isHopeless(thrown: unknown): boolean {
  const { code, original } = thrown as { code?: string; original?: { code?: string } };
  return HOPELESS.test(code ?? original?.code ?? "");
}
