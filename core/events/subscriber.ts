import { Subscriber } from "zeromq";
import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Service } from "../service.ts";
import { MAX_EVENT_BYTES } from "./verify.ts";

export interface SubscriberOptions {
  /** Publish endpoints of all Lighthouses to listen to. Events that several send come several times. */
  endpoints: readonly string[];
  /**
   * Hears each event's JSON, as it came, unverified. Reading waits for it, so it should only put
   * the frame somewhere safe; what it throws is logged and the frame is lost.
   */
  onFrame: (json: Buffer, endpoint: string) => void | Promise<void>;
  /** Hears of messages that are not two frames, tag and JSON. */
  onMisshapen?: (frames: Buffer[], endpoint: string) => void;
  /** Hears when a connection is made, and when it is lost or its heartbeats stop. */
  onConnection?: (endpoint: string, connected: boolean) => void;
  log: Log;
}

/**
 * Unread messages kept while `onFrame` is busy, 30 MB of the usual ones. ZeroMQ drops what comes
 * beyond it without a word, and its default of 1000 lost a fifth of a small burst. A follower asks
 * again for what was dropped, where there is a replay endpoint.
 */
const RECEIVE_HIGH_WATER_MARK = 20_000;
/** A dead connection is noticed after this time without an answer to a heartbeat. */
const HEARTBEAT_MS = 10_000;

/**
 * Listens to Lighthouses for as long as it runs, connecting again by itself. PUB/SUB promises
 * nothing: what was published while we were away never comes.
 */
export function createSubscriber(options: SubscriberOptions): Service {
  let sockets: Subscriber[] = [];
  let loops: Promise<void>[] = [];

  async function listen(socket: Subscriber, endpoint: string): Promise<void> {
    for await (const frames of socket) {
      try {
        const [, json] = frames;
        if (frames.length === 2 && json !== undefined) await options.onFrame(json, endpoint);
        else options.onMisshapen?.(frames, endpoint);
      } catch (thrown) {
        options.log.error({ err: asError(thrown), endpoint }, "cannot take in a bus message");
      }
    }
  }

  return {
    name: "bus subscriber",
    start() {
      sockets = options.endpoints.map((endpoint) => connect(endpoint, options.onConnection));
      loops = sockets.map((socket, index) => listen(socket, options.endpoints[index] ?? ""));
      return Promise.resolve();
    },
    async stop() {
      for (const socket of sockets) socket.close();
      await Promise.all(loops);
      sockets = [];
    },
  };
}

function connect(endpoint: string, tell: SubscriberOptions["onConnection"]): Subscriber {
  const socket = new Subscriber({
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    // Tolerates some more than we read, so that a message a bit too long is refused with a reason.
    maxMessageSize: MAX_EVENT_BYTES * 2,
    reconnectInterval: 200,
    reconnectMaxInterval: 5_000,
    heartbeatInterval: HEARTBEAT_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    ipv6: true,
    linger: 0,
  });
  if (tell !== undefined) {
    socket.events.on("handshake", () => tell(endpoint, true));
    socket.events.on("disconnect", () => tell(endpoint, false));
  }
  // Subscribed before connected: nothing slips in between.
  socket.subscribe();
  socket.connect(endpoint);
  return socket;
}
