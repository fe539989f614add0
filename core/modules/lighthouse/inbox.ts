import { setTimeout as sleep } from "node:timers/promises";
import { inTransaction } from "../../database/connect.ts";
import { appendEvents } from "../../events/append.ts";
import { type EventRows, rowOf } from "../../events/event-rows.ts";
import { quarantine, type QuarantinedFrame } from "../../events/quarantine.ts";
import { addToTally } from "../../events/tally.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** What became of a submitted event. */
export type Fate = { kind: "stored" | "duplicate" } | { kind: "refused"; reason: string };

/** Gathers what came in and writes it in batches; nothing is answered before it is on disk. */
export interface Inbox {
  /** Resolves when the events are in the journal, or are known there, or can never be. */
  add(events: EventRows): Promise<Fate[]>;
  /** Counts a refused frame and keeps it, unless there are too many of them at once. */
  refuse(frame: QuarantinedFrame): void;
  /** True while so much waits for the database that reading should pause. */
  full(): boolean;
  /** Writes what was added. Gives up when the database fails now, for the program ends. */
  close(): Promise<void>;
}

/** Where events go once they are stored; also asked how far it is. */
export interface Stored {
  /** False while nobody listens, so that nothing needs to be signed to be published. */
  isHeard(): boolean;
  /** Up to which number this process has published everything. */
  published(): number;
  /** @param numbers of the events; those that were known have none */
  onStored(events: EventRows, numbers: readonly (number | undefined)[]): void;
}

/** What was refused since the last batch: all of it counted, some of it kept. */
interface Refusals {
  counts: Record<string, number>;
  frames: QuarantinedFrame[];
}

const NOTHING_REFUSED: Refusals = { counts: {}, frames: [] };

interface Waiting {
  events: EventRows;
  resolve: (fates: Fate[]) => void;
}

/** Micro-batches: 15 times as fast as a transaction for each event. */
const BATCH = 500;
const GATHER_MS = 10;
const RETRY_MS = 1_000;
/** In memory at most: several batches of usual events, or a few of the longest. */
const FULL_EVENTS = 4_000;
const FULL_BYTES = 8_000_000;
/** Refused frames kept in each window; the rest is only counted, or a flood would fill the disk. */
const QUARANTINE_WINDOW_MS = 10_000;
const QUARANTINE_LIMIT = 200;
/** SQLSTATE classes that say "never": data exception, integrity constraint, program limit. */
const HOPELESS = /^(22|23|54)/;
/** Somebody else has written one of the events meanwhile: it is known now. */
const CONFLICT = "23505";

export function createInbox(log: Log, stored: Stored): Inbox {
  let waiting: Waiting[] = [];
  let count = 0;
  let bytes = 0;
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
      const batch = nextBatch();
      const refused = refusals;
      refusals = { counts: {}, frames: [] };
      await writeUntilDone(batch, refused);
      waiting = waiting.slice(batch.length);
      for (const { events } of batch) {
        count -= events.uuids.length;
        bytes -= events.rows.length;
      }
    }
  }

  function nextBatch(): Waiting[] {
    let size = 0;
    const end = waiting.findIndex(({ events }) => (size += events.uuids.length) >= BATCH);
    return end < 0 ? [...waiting] : waiting.slice(0, end + 1);
  }

  function isEmpty(): boolean {
    return waiting.length === 0 && Object.keys(refusals.counts).length === 0;
  }

  async function writeUntilDone(batch: Waiting[], refused: Refusals): Promise<void> {
    for (;;) {
      try {
        return await write(batch, refused, stored);
      } catch (thrown) {
        const err = asError(thrown);
        const state = sqlState(thrown);
        if (state !== CONFLICT && HOPELESS.test(state)) {
          return await writeApart(batch, refused, err);
        }
        log.error({ err, waiting: count }, "cannot store events");
        // What came later must not be stored without what came before: nobody heard that we have it.
        if (closing) return void (waiting = []);
        await sleep(state === CONFLICT ? GATHER_MS : RETRY_MS);
      }
    }
  }

  /** What the database can never take must not hold up the rest. */
  async function writeApart(batch: Waiting[], refused: Refusals, err: Error): Promise<void> {
    const [first] = batch;
    if (refused.frames.length > 0) {
      log.error({ err, frames: refused.frames.length }, "cannot keep refused frames");
      await writeUntilDone(batch, { ...refused, frames: [] });
    } else if (batch.length > 1 || (first?.events.uuids.length ?? 0) > 1) {
      await writeUntilDone([], refused);
      for (const one of batch) await writeOneByOne(one);
    } else if (first !== undefined) {
      log.error({ err, uuid: first.events.uuids[0] }, "cannot store an event");
      const database = (refused.counts["database"] ?? 0) + 1;
      await writeUntilDone([], { frames: [], counts: { ...refused.counts, database } });
      first.resolve([{ kind: "refused", reason: `the database refuses it: ${err.message}` }]);
    }
  }

  async function writeOneByOne({ events, resolve }: Waiting): Promise<void> {
    const fates: Fate[] = [];
    for (const index of events.uuids.keys()) {
      // Nothing is left when a stop gave up on the one before.
      if (waiting.length === 0) return;
      const one = { events: rowOf(events, index), resolve: (its: Fate[]) => fates.push(...its) };
      await writeUntilDone([one], NOTHING_REFUSED);
    }
    resolve(fates);
  }

  return {
    add: (events) =>
      new Promise((resolve) => {
        waiting.push({ events, resolve });
        count += events.uuids.length;
        bytes += events.rows.length;
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
    full: () => count >= FULL_EVENTS || bytes >= FULL_BYTES,
    async close() {
      closing = true;
      while (working !== undefined) await working;
    },
  };
}

async function write(batch: Waiting[], refused: Refusals, stored: Stored): Promise<void> {
  const batches = batch.map(({ events }) => events);
  const numbers = await inTransaction(async () => {
    await quarantine(refused.frames);
    const given = batches.length === 0 ? [] : await appendEvents(batches, stored.published());
    const fresh = given.filter((number) => number !== undefined).length;
    await addToTally("submission_tally", {
      received: given.length + sum(Object.values(refused.counts)),
      stored: fresh,
      duplicate: given.length - fresh,
      quarantined: refused.counts,
    });
    return given;
  });
  let start = 0;
  for (const { events, resolve } of batch) {
    const own = numbers.slice(start, (start += events.uuids.length));
    stored.onStored(events, own);
    resolve(own.map((number) => ({ kind: number === undefined ? "duplicate" : "stored" })));
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function sqlState(thrown: unknown): string {
  const { code, original } = thrown as { code?: string; original?: { code?: string } };
  return code ?? original?.code ?? "";
}
