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
        if (isHopeless(thrown)) return writeOneByOne(batch, log);
        log.error({ err: asError(thrown), waiting: events.length }, "cannot store events");
        if (closing) return;
        await sleep(RETRY_MS);
      }
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

/** One event that the database can never take must not hold up the others. */
async function writeOneByOne(batch: Waiting[], log: Log): Promise<void> {
  for (const one of batch) {
    try {
      await write([one], []);
    } catch (thrown) {
      const reason = `the database refuses it: ${asError(thrown).message}`;
      log.error({ err: asError(thrown), uuid: one.event.uuid }, "cannot store an event");
      one.resolve({ kind: "refused", reason });
    }
  }
}

function isHopeless(thrown: unknown): boolean {
  const { code, original } = thrown as { code?: string; original?: { code?: string } };
  return HOPELESS.test(code ?? original?.code ?? "");
}
