import { createAlarm } from "../../alarm.ts";
import type { Keyring } from "../../events/keyring.ts";
import { type PublishedEvent, publishedEvent } from "../../events/published.ts";
import {
  eventsAfter,
  lighthouseState,
  notePublished,
  type NumberedEvent,
  numberEvents,
} from "../../events/sequence.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type AudienceSocket, createAudienceSocket } from "./audience.ts";
import { bindSocket } from "./bind.ts";
import type { LighthouseCounts } from "./counts.ts";
import type { Stored } from "./inbox.ts";
import { createReady } from "./ready.ts";

export interface PublisherOptions {
  endpoints: readonly string[];
  keyring: Keyring;
  counts: LighthouseCounts;
  log: Log;
}

/** Sends what the journal holds and nobody has published yet. */
export interface EventPublisher extends Stored {
  /** @returns the endpoints as bound, port numbers filled in */
  start(): Promise<string[]>;
  stop(): Promise<void>;
  /** New events may be there: look now instead of at the next poll. */
  wake: () => void;
}

/** How far this process is. */
interface Whereabouts {
  lighthouse: string;
  /** The last number that was sent. */
  sent: number;
  /** The last number that the database knows to be sent. */
  noted: number;
}

const POLL_MS = 1_000;
/** When nothing was sent for so long, it is noted how far we are; before that, batches note it. */
const NOTE_MS = 50;
const BATCH = 1_000;
/**
 * Gives the events of the journal their numbers and publishes them in that order. A number is
 * committed before its event is sent, and everything behind the last noted number is sent again
 * after a crash: each event goes out at least once, always under the same number. All processes
 * that serve one database publish all of its events; any of them is enough to hear everything.
 */
export function createPublisher(options: PublisherOptions): EventPublisher {
  const { counts, keyring, log } = options;
  const sockets: AudienceSocket[] = [];
  const alarm = createAlarm();
  let stopped = false;
  let loop = Promise.resolve();
  let here: Whereabouts | undefined;
  const ready = createReady();
  let lastSent = 0;

  async function run(): Promise<void> {
    for (;;) {
      // Read before looking, so that what was journalled before the stop still goes out.
      const last = stopped;
      if (await publishSafely()) continue;
      if (last) return;
      await alarm.wait(here !== undefined && here.noted < here.sent ? NOTE_MS : POLL_MS);
    }
  }

  /** True when there is probably more to publish. */
  async function publishSafely(): Promise<boolean> {
    try {
      return await publishBatch();
    } catch (thrown) {
      log.error({ err: asError(thrown) }, "cannot publish events");
      return false;
    }
  }

  async function publishBatch(): Promise<boolean> {
    const at = (here ??= await whereWeAre());
    if (await sendReady(at)) return true;
    const numbered = await numberEvents(BATCH, at.sent);
    if (numbered > 0) at.noted = at.sent;
    if (isHeard()) {
      // Others' events, and what was stored before we knew; up to what waits in memory.
      const missing = Math.max(0, (ready.next() ?? Number.POSITIVE_INFINITY) - at.sent - 1);
      const events = await eventsAfter(at.sent, Math.min(BATCH, missing));
      if (events.length > 0) return sendStored(events, at);
    } else {
      await passOver(at);
    }
    if (numbered === BATCH) return true;
    if (at.noted < at.sent && (stopped || performance.now() - lastSent >= NOTE_MS)) {
      await notePublished(at.sent);
      at.noted = at.sent;
    }
    return false;
  }

  function isHeard(): boolean {
    return sockets.some((one) => one.isHeard());
  }

  /** Nobody listens: nothing has to be read and signed, for ZeroMQ would drop it. */
  async function passOver(at: Whereabouts): Promise<void> {
    const { sequence } = await lighthouseState();
    if (sequence > at.sent) lastSent = performance.now();
    at.sent = Math.max(at.sent, sequence);
  }

  /** What follows on what was sent. @returns whether there was any */
  async function sendReady(at: Whereabouts): Promise<boolean> {
    const before = at.sent;
    for (let next = ready.next(); next !== undefined && next <= at.sent + 1; next = ready.next()) {
      const event = ready.take(next);
      if (next <= at.sent) continue;
      if (event === undefined) break;
      await send(event, next, at);
    }
    return at.sent > before;
  }

  async function sendStored(events: readonly NumberedEvent[], at: Whereabouts): Promise<true> {
    const key = keyring.signingKey("lighthouse");
    if (key === undefined) throw new Error("Lighthouse has lost its key and cannot sign");
    for (const { sequence, body } of events) {
      const event = publishedEvent(body, key, { lighthouse: at.lighthouse, sequence });
      if (event === undefined) log.error({ sequence }, "the journal holds what is no event");
      await send(event, sequence, at);
    }
    return true;
  }

  async function send(
    event: PublishedEvent<Buffer | string> | undefined,
    sequence: number,
    at: Whereabouts,
  ): Promise<void> {
    if (event !== undefined) {
      for (const { socket } of sockets) await socket.send([event.tag, event.text]);
      counts.published += 1;
    }
    at.sent = sequence;
    lastSent = performance.now();
  }

  return {
    async start() {
      for (const endpoint of options.endpoints) {
        const one = createAudienceSocket(log);
        sockets.push(one);
        await bindSocket(one.socket, endpoint, "lighthouse.publish");
      }
      loop = run();
      return sockets.map(({ socket }) => socket.lastEndpoint ?? "");
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await loop;
      for (const { socket } of sockets.splice(0)) socket.close();
    },
    wake: () => alarm.ring(),
    isHeard,
    published: () => here?.sent ?? 0,
    onStored(events, numbers) {
      if (isHeard()) ready.add(events, numbers);
      alarm.ring();
    },
  };
}

/** A process goes on where the last one was known to be. */
async function whereWeAre(): Promise<Whereabouts> {
  const { id, published } = await lighthouseState();
  return { lighthouse: id, sent: published, noted: published };
}
