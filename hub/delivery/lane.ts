import { createAlarm, type Alarm } from "../../core/alarm.ts";
import type { Channel } from "../channels/channel.ts";
import { stoppedChannels } from "./channel-stop.ts";
import type { Claim } from "./claim.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

/** A delivery that is being sent. */
export interface Flight {
  claim: Claim;
  abort: AbortController;
  ended: Promise<void>;
  /** By `performance.now()`. */
  began: number;
}

/** One line of work for each channel, so that a channel that hangs holds up no other. */
export interface Lane {
  channel: Channel;
  alarm: Alarm;
  flights: Map<string, Flight>;
  /** The destination that was served last: the next round begins after it. */
  cursor: string;
  /** What the destinations' last failures were, to log only what changed. */
  failures: Map<string, string>;
  /** True while the channel is tried with one delivery only. */
  stopped: boolean;
  throttle: Throttle;
}

/** How many more may be begun now. */
export interface Places {
  /** Of deliveries that were never tried. */
  firsts: number;
  /** Of those that failed before. */
  retries: number;
  /** Of both together. */
  most: number;
}

/** What takes longer gives its place to others and goes on beside them. */
export const PATIENCE_MS = 250;

const NONE: Places = { firsts: 0, retries: 0, most: 0 };

export function newLane(channel: Channel): Lane {
  return {
    channel,
    alarm: createAlarm(),
    flights: new Map(),
    cursor: "",
    failures: new Map(),
    stopped: false,
    throttle: createThrottle(channel.concurrency),
  };
}

/**
 * The free places of a lane. A destination that hangs keeps no place from those that do not: a
 * first try holds its place for a moment only, and what was tried before has places of its own. As
 * a destination hears one thing at a time, all that waits behind its failure is out of the way.
 */
export async function freePlaces(lane: Lane): Promise<Places> {
  const { channel, flights, throttle } = lane;
  const hanging = channel.hanging ?? channel.concurrency;
  const all = [...flights.values()];
  const late = performance.now() - PATIENCE_MS;
  const recent = all.filter(({ began }) => began > late);
  const firsts = all.filter(isFirst).length;
  const free = {
    firsts: Math.min(
      channel.concurrency - recent.filter(isFirst).length,
      channel.concurrency + hanging - firsts,
    ),
    retries: hanging - (all.length - firsts),
  };
  if (free.firsts <= 0 && free.retries <= 0) return NONE;
  const stopped = (await stoppedChannels()).find((one) => one.channel === channel.name);
  lane.stopped = stopped !== undefined;
  if (stopped !== undefined) return { ...free, most: (stopped.waiting ? 0 : 1) - all.length };
  if (throttle.wait() > 0) return NONE;
  const most = throttle.places();
  const isWhole = most >= channel.concurrency;
  return { ...free, most: isWhole ? free.firsts + free.retries : most - recent.length };
}

function isFirst({ claim }: Flight): boolean {
  return claim.delivery.attempt === 1;
}
