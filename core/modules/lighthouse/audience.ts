import { XPublisher } from "zeromq";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** A PUB socket that knows whether anybody listens. */
export interface AudienceSocket {
  socket: XPublisher;
  /** False as long as nobody has subscribed to anything: what is sent now goes nowhere. */
  isHeard(): boolean;
}

/**
 * Kept for each subscriber that reads slowly, some 30 MB; beyond it ZeroMQ drops for that
 * subscriber, and ours ask for what they missed. Its default of 1000 is less than one import makes
 * at once.
 */
const SEND_HIGH_WATER_MARK = 20_000;
/** Of a subscription: a byte and the beginning of a tag. */
const LONGEST_REQUEST = 1_024;
const UNSUBSCRIBE = 0;
const SUBSCRIBE = 1;

/** Subscriptions come as messages to XPUB (RFC 29): the first and the last one of each topic. */
export function createAudienceSocket(log: Log): AudienceSocket {
  const socket = new XPublisher({
    sendHighWaterMark: SEND_HIGH_WATER_MARK,
    maxMessageSize: LONGEST_REQUEST,
    ipv6: true,
    linger: 1_000,
  });
  let topics = 0;

  async function listen(): Promise<void> {
    for await (const [request] of socket) {
      if (request?.[0] === SUBSCRIBE) topics += 1;
      else if (request?.[0] === UNSUBSCRIBE) topics -= 1;
    }
  }

  listen().catch((thrown: unknown) => {
    if (socket.closed) return;
    log.error({ err: asError(thrown) }, "cannot tell who listens any more");
    topics = Number.POSITIVE_INFINITY;
  });
  return { socket, isHeard: () => topics > 0 };
}
