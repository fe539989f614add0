import { setTimeout as sleep } from "node:timers/promises";
import { createAlarm } from "../../alarm.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Acknowledgement } from "../acknowledge.ts";
import { createFlight } from "./flight.ts";
import type { AcknowledgingServers } from "./servers.ts";
import { openSession, type Session } from "./session.ts";
import type { Spool } from "./spool.ts";

/** What became of an event. Handed over: to a Lighthouse that never says more. */
export type Outcome =
  | { kind: "accepted" | "duplicate" | "handed-over"; server: string; text: string }
  | { kind: "refused"; server: string; reason: string; text: string };

export interface DeliveryOptions {
  spool: Spool;
  /** Submit endpoints, the preferred one first. */
  servers: readonly string[];
  acknowledging: AcknowledgingServers;
  onOutcome?: ((outcome: Outcome) => void) | undefined;
  log: Log;
  patience?: Partial<Patience>;
}

/** Milliseconds. */
export interface Patience {
  /** For a connection, and again for the answer to a greeting. */
  connect: number;
  /** For an acknowledgement, before the next server is tried. */
  acknowledge: number;
  /** A connection that lasted so long after an event was sent has carried it, we say. */
  handOver: number;
  /** On another server, before the first one is tried again. */
  prefer: number;
  /** Between two rounds through all servers, at most. */
  pause: number;
}

export const PATIENCE: Patience = {
  connect: 3_000,
  acknowledge: 10_000,
  handOver: 2_000,
  prefer: 60_000,
  pause: 5_000,
};

/** Sends a spool to a Lighthouse, in order, for as long as it runs. */
export interface Delivery {
  /** There is more in the spool. */
  wake(): void;
  /** Ends when the events under way were settled, or after so many milliseconds. */
  stop(within: number): Promise<void>;
}

const FIRST_PAUSE_MS = 200;
/** How often it is looked whether patience has ended. */
const LOOK_MS = 250;

/**
 * One server at a time, one connection at a time. Whatever goes wrong with it, the next connection
 * starts with the first event that was not settled, so each server hears the events of a spool in
 * their order, some perhaps twice.
 */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { acknowledging, log, servers, spool } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const alarm = createAlarm();
  const flight = createFlight({
    spool,
    onOutcome: options.onOutcome,
    onSettled: alarm.ring,
    onFault: (fault) => log.error({ err: asError(fault) }, "cannot keep a refused event"),
  });
  const stopping = new AbortController();
  const ending = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    for (let place = 0; !stopping.signal.aborted; place = (place + 1) % servers.length) {
      const before = flight.settledCount();
      const end = await visit(place).catch((thrown: unknown) => {
        log.error({ err: asError(thrown) }, "cannot submit events");
      });
      if (end === "had its time") place = -1;
      failures = end === "had its time" || flight.settledCount() > before ? 0 : failures + 1;
      if (failures > 0 && failures % servers.length === 0) await pause(failures / servers.length);
    }
  }

  async function visit(place: number): Promise<"had its time" | "failed"> {
    await waitForWork();
    const session = await connect(servers[place] ?? "");
    if (session === undefined) return "failed";
    try {
      return (await carry(session, place)) ? "had its time" : "failed";
    } finally {
      session.close(session.acknowledges() ? 0 : patience.handOver);
    }
  }

  async function waitForWork(): Promise<void> {
    while (!stopping.signal.aborted && flight.size() === 0 && !(await flight.load(1))) {
      await alarm.wait(patience.prefer);
    }
  }

  async function connect(endpoint: string): Promise<Session | undefined> {
    if (stopping.signal.aborted) return undefined;
    const session = await openSession({
      endpoint,
      timeout: patience.connect,
      onAnswer: (answer) => answered(endpoint, answer),
      onLost: alarm.ring,
      signal: ending.signal,
    });
    if (session === undefined) {
      log.debug({ endpoint }, "no Lighthouse there");
      return undefined;
    }
    if (session.acknowledges()) acknowledging.add(endpoint);
    else if (acknowledging.has(endpoint)) {
      // It answered once, so it is ours and stuck: it must not be taken for one that never does.
      session.close(0);
      return undefined;
    }
    log.info({ endpoint, acknowledges: session.acknowledges() }, "submits to Lighthouse");
    return session;
  }

  function answered(endpoint: string, { number, ...answer }: Acknowledgement): void {
    acknowledging.add(endpoint);
    if (number === undefined) return;
    if ("refused" in answer) flight.refused(number, endpoint, answer.refused);
    else flight.settled(number, endpoint, answer.duplicate ? "duplicate" : "accepted");
  }

  /** Sends until the session breaks, stalls, or has had its time. @returns true for the latter */
  async function carry(session: Session, place: number): Promise<boolean> {
    const opened = performance.now();
    flight.rewind();
    while (!session.lost() && !ending.signal.aborted) {
      const now = performance.now();
      const leaving = stopping.signal.aborted || (place > 0 && now - opened > patience.prefer);
      if (leaving && flight.size() === 0) return !stopping.signal.aborted;
      if (!(await send(session, leaving)))
        await alarm.wait(flight.size() > 0 ? LOOK_MS : patience.prefer);
      if (session.acknowledges()) {
        if (flight.oldestSent() < performance.now() - patience.acknowledge) return false;
      } else flight.handOver(session.endpoint, performance.now() - patience.handOver);
    }
    return false;
  }

  /** Fills the window. @returns false when there is nothing to do now */
  async function send(session: Session, leaving: boolean): Promise<boolean> {
    const entry = flight.next();
    if (entry === undefined) return !leaving && flight.load(session.acknowledges() ? 1 : 10);
    if (!(await session.send(entry.number, entry.text))) return false;
    flight.sent(entry);
    return true;
  }

  /** Longer from round to round. */
  async function pause(rounds: number): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(rounds, 10), patience.pause);
    const time = longest * (0.5 + Math.random() / 2);
    await sleep(time, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  return {
    wake: alarm.ring,
    async stop(within) {
      stopping.abort();
      alarm.ring();
      const inTime = sleep(within, undefined, { signal: ending.signal }).catch(() => undefined);
      await Promise.race([running, inTime]);
      ending.abort();
      alarm.ring();
      await running;
    },
  };
}
