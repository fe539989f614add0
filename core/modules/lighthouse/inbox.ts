import { setTimeout as sleep } from "node:timers/promises";
import { inTransaction } from "../../database/connect.ts";
import { type QuarantinedFrame, quarantine, storeEvents } from "../../events/journal.ts";
import type { VerifiedEvent } from "../../events/verify.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** What became of a submitted event. */
export type Fate = { kind: "stored" | "duplicate" } | { kind: "refused"; reason: string };

/** Gathers what came in and writes it in batches; nothing is answered before it is on disk. */
export interface Inbox {
  /** Resolves when the event is in the journal, or is known there, or can never be. */
  add(event: VerifiedEvent): Promise<Fate>;
  /** Keeps a refused frame, unless there are too many of them at once. */
  refuse(frame: QuarantinedFrame): void;
  /** True while so much waits for the database that reading should pause. */
  full(): boolean;
  /** Writes what was added. Gives up when the database fails now, for the program ends. */
  close(): Promise<void>;
}

interface Waiting {
  event: VerifiedEvent;
  resolve: (fate: Fate) => void;
}

/** Micro-batches: 15 times as fast as a transaction for each event. */
const BATCH = 500;
const GATHER_MS = 10;
const RETRY_MS = 1_000;
const FULL = 10_000;
/** Refused frames kept in each window; the rest is only counted, or a flood would fill the disk. */
const QUARANTINE_WINDOW_MS = 10_000;
const QUARANTINE_LIMIT = 200;
/** SQLSTATE classes that say "never": data exception, integrity constraint, program limit. */
const HOPELESS = /^(22|23|54)/;

export function createInbox(log: Log): Inbox {
  let events: Waiting[] = [];
  let refused: QuarantinedFrame[] = [];
  let working: Promise<void> | undefined;
  let closing = false;
  const window = { began: 0, count: 0 };

  function wake(): void {
    working ??= work().finally(() => {
      working = undefined;
      if (events.length + refused.length > 0) wake();
    });
  }

  async function work(): Promise<void> {
    await sleep(GATHER_MS);
    while (events.length + refused.length > 0) {
      const batch = events.slice(0, BATCH);
      const frames = refused.splice(0);
      await writeUntilDone(batch, frames);
      events = events.slice(batch.length);
    }
  }

  async function writeUntilDone(batch: Waiting[], frames: QuarantinedFrame[]): Promise<void> {
    for (;;) {
      try {
        return await write(batch, frames);
      } catch (thrown) {
        const err = asError(thrown);
        if (isHopeless(thrown)) return await writeApart(batch, frames, err);
        log.error({ err, waiting: events.length }, "cannot store events");
        // What came later must not be stored without what came before: nobody heard that we have it.
        if (closing) return void (events = []);
        await sleep(RETRY_MS);
      }
    }
  }

  /** What the database can never take must not hold up the rest. */
  async function writeApart(
    batch: Waiting[],
    frames: QuarantinedFrame[],
    err: Error,
  ): Promise<void> {
    const [first, ...others] = batch;
    if (frames.length > 0) {
      log.error({ err, frames: frames.length }, "cannot keep refused frames");
      await writeUntilDone(batch, []);
    } else if (others.length > 0) {
      for (const one of batch) await writeUntilDone([one], []);
    } else if (first !== undefined) {
      log.error({ err, uuid: first.event.uuid }, "cannot store an event");
      first.resolve({ kind: "refused", reason: `the database refuses it: ${err.message}` });
    }
  }

  return {
    add: (event) =>
      new Promise((resolve) => {
        events.push({ event, resolve });
        wake();
      }),
    refuse(frame) {
      const now = performance.now();
      if (now - window.began > QUARANTINE_WINDOW_MS)
        Object.assign(window, { began: now, count: 0 });
      if (++window.count > QUARANTINE_LIMIT) return;
      refused.push(frame);
      wake();
    },
    full: () => events.length >= FULL,
    async close() {
      closing = true;
      while (working !== undefined) await working;
    },
  };
}

async function write(batch: Waiting[], frames: QuarantinedFrame[]): Promise<void> {
  const stored = await inTransaction(async () => {
    await quarantine(frames);
    return storeEvents(
      batch.map((one) => one.event),
      "submitted",
    );
  });
  const fresh = new Set(stored.keys());
  for (const { event, resolve } of batch) {
    // Of two equal ones in a batch the first was stored.
    resolve({ kind: fresh.delete(event.uuid) ? "stored" : "duplicate" });
  }
}

function isHopeless(thrown: unknown): boolean {
  const { code, original } = thrown as { code?: string; original?: { code?: string } };
  return HOPELESS.test(code ?? original?.code ?? "");
}
