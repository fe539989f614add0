import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { releaseChannels, stopChannel } from "./channel-stop.ts";
import type { Channel } from "../channels/channel.ts";
import { type Claim, claimDeliveries, giveUpExpired, nextRetryMs, renewLeases } from "./claim.ts";
import type { Counters } from "./counters.ts";
import { freePlaces, type Lane, newLane, PATIENCE_MS } from "./lane.ts";
import { channelOf } from "../destination.ts";
import { attemptDelivery, settleAttempt, type Attempt } from "./attempt.ts";
import { RETRY, type RetryPolicy } from "./retry.ts";

export interface DispatcherOptions {
  channels: readonly Channel[];
  log: Log;
  /** How long a claim outlives its process. Renewed every third of it. */
  leaseMs?: number;
  retry?: RetryPolicy;
  counters?: Pick<Counters, "count" | "observe">;
}

/** Sends what is pending. `ring` when there may be something new. */
export interface Dispatcher extends Service {
  ring(): void;
}

/** Short enough that another hub goes on within 15 s of a death. */
const LEASE_MS = 10_000;
const POLL_MS = 1_000;
const SWEEP_MS = 60_000;
/** For sends to end by themselves when the program stops. */
const GRACE_MS = 2_000;

/** Runs the lanes of all channels. Several processes may run one each; claims keep them apart. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { log } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const retry = options.retry ?? RETRY;
  const stop = new AbortController();
  const lanes = options.channels.map((channel) => newLane(channel));
  let loops: Promise<void>[] = [];
  let timers: NodeJS.Timeout[] = [];

  async function runLane(lane: Lane): Promise<void> {
    while (!stop.signal.aborted) {
      let claimed = 0;
      let idleMs = POLL_MS;
      try {
        claimed = await fillLane(lane);
        if (claimed === 0) idleMs = await idleTime(lane);
      } catch (thrown) {
        log.error({ err: asError(thrown), channel: lane.channel.name }, "cannot claim deliveries");
      }
      if (claimed === 0) await lane.alarm.wait(idleMs);
    }
  }

  async function fillLane(lane: Lane): Promise<number> {
    const { channel, flights } = lane;
    const places = await freePlaces(lane);
    if (places.most <= 0) return 0;
    const from = { channel: channel.name, after: lane.cursor, except: flights };
    let claims = await claimDeliveries(from, places, leaseMs);
    if (claims.length === 0 && from.after !== "") {
      claims = await claimDeliveries({ ...from, after: "" }, places, leaseMs);
    }
    const last = claims.findLast(({ delivery }) => delivery.attempt === 1);
    if (places.firsts > 0) lane.cursor = last?.delivery.destination ?? "";
    for (const claim of claims) {
      const abort = new AbortController();
      const ended = fly(lane, claim, abort.signal);
      flights.set(claim.delivery.id, { claim, abort, ended, began: performance.now() });
    }
    return claims.length;
  }

  /** Until somebody asked to be tried again, or the lane may go on, to the millisecond. */
  async function idleTime({ channel, throttle }: Lane): Promise<number> {
    const pause = throttle.wait();
    if (pause > 0) return Math.min(POLL_MS, Math.ceil(pause));
    const due = await nextRetryMs(channel.name);
    return Math.min(POLL_MS, Math.ceil(due ?? POLL_MS) + 1);
  }

  async function fly(lane: Lane, claim: Claim, signal: AbortSignal): Promise<void> {
    // Its place is free then, however long it takes.
    const patience = setTimeout(lane.alarm.ring, PATIENCE_MS + 1);
    try {
      const attempt = await attemptDelivery(lane.channel, claim, { signal, retry, log });
      await record(lane, claim, attempt);
    } catch (thrown) {
      // The lease runs out, and the delivery is sent again under the same id.
      log.error({ err: asError(thrown), delivery: claim.delivery.id }, "cannot record a delivery");
    } finally {
      clearTimeout(patience);
      lane.flights.delete(claim.delivery.id);
      lane.alarm.ring();
    }
  }

  async function record(lane: Lane, claim: Claim, attempt: Attempt): Promise<void> {
    const { channel, failures, throttle } = lane;
    const { destination, id } = claim.delivery;
    if (attempt.settlement.state === "sent") throttle.passed();
    if (attempt.limitedMs !== undefined) throttle.limited(destination, attempt.limitedMs);
    const settled = await settleAttempt(claim, attempt, leaseMs);
    if (!settled) {
      log.warn({ delivery: id, destination }, "a delivery was taken over by another hub");
      return;
    }
    counted(claim, attempt);
    if (attempt.settlement.state === "sent") {
      failures.delete(destination);
      if (lane.stopped) await releaseChannels([channel.name]);
      return;
    }
    if (attempt.stop !== undefined && (await stopChannel(channel.name, attempt.stop))) {
      log.error({ channel: channel.name, reason: attempt.stop }, "channel stopped");
    }
    const { reason, state } = attempt.settlement;
    if (state === "cancelled" || failures.get(destination) === reason) return;
    failures.set(destination, reason);
    log.warn({ delivery: id, destination, reason, state }, "delivery failed");
  }

  function counted({ delivery }: Claim, { settlement: { state } }: Attempt): void {
    const channel = channelOf(delivery.destination);
    const outcome = state === "pending" ? "retried" : state;
    options.counters?.count("laniakea_delivery_attempts_total", { channel, outcome });
    if (state !== "sent") return;
    const seconds = (Date.now() - delivery.createdAt.getTime()) / 1_000;
    options.counters?.observe("laniakea_delivery_seconds", { channel }, Math.max(0, seconds));
  }

  async function heartbeat(): Promise<void> {
    const flights = lanes.flatMap((lane) => [...lane.flights.values()]);
    if (flights.length === 0) return;
    const lost = await renewLeases(
      flights.map((flight) => flight.claim),
      leaseMs,
    );
    for (const { claim, abort } of flights) {
      if (lost.has(claim.delivery.id)) abort.abort(new Error("the lease was lost"));
    }
  }

  async function sweep(): Promise<void> {
    const dead = await giveUpExpired();
    if (dead > 0) log.error({ deliveries: dead }, "deliveries given up after 7 days");
  }

  function every(milliseconds: number, name: string, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => {
      work().catch((thrown: unknown) =>
        log.error({ err: asError(thrown), work: name }, "upkeep of deliveries failed"),
      );
    }, milliseconds);
  }

  return {
    name: "dispatcher",
    ring: () => lanes.forEach((lane) => lane.alarm.ring()),
    start() {
      timers = [every(leaseMs / 3, "leases", heartbeat), every(SWEEP_MS, "sweep", sweep)];
      loops = lanes.map(runLane);
      return Promise.resolve();
    },
    async stop() {
      stop.abort();
      lanes.forEach((lane) => lane.alarm.ring());
      await Promise.all(loops);
      const flights = lanes.flatMap((lane) => [...lane.flights.values()]);
      const patience = setTimeout(() => {
        flights.forEach(({ abort }) => abort.abort(new Error("the program stops")));
      }, GRACE_MS);
      await Promise.all(flights.map(({ ended }) => ended));
      clearTimeout(patience);
      timers.forEach(clearInterval);
    },
  };
}
