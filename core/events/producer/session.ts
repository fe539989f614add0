import { Dealer } from "zeromq";
import { createAlarm } from "../../alarm.ts";
import { type Acknowledgement, acknowledgeRequest, GREETING, readAnswer } from "../acknowledge.ts";
import { MAX_EVENT_BYTES } from "../verify.ts";

export interface SessionOptions {
  endpoint: string;
  /** Milliseconds for connecting, and again for the answer to our greeting. */
  timeout: number;
  onAnswer: (answer: Acknowledgement) => void;
  onLost: () => void;
  /** Breaks it. */
  signal: AbortSignal;
}

/**
 * One connection to one Lighthouse, never made again when it breaks: what went over it arrived in
 * its order, up to some point, so that the next session can go on from the first event that was
 * not acknowledged and nothing is overtaken.
 */
export interface Session {
  endpoint: string;
  /** False while it never answered: the Python Lighthouse never does. */
  acknowledges(): boolean;
  lost(): boolean;
  /** @returns false when nothing more can be sent for now, or ever if it is lost */
  send(number: number, text: string): Promise<boolean>;
  /** @param linger milliseconds for what is still on its way */
  close(linger: number): void;
}

/** Sent and not yet on the wire. Few, so that "sent" means something towards a silent server. */
const SEND_HIGH_WATER_MARK = 100;
const SEND_TIMEOUT_MS = 500;
/** A connection that died without a word (a pulled cable) is noticed after twice this time. */
const HEARTBEAT_MS = 5_000;

/** Connects and greets. @returns undefined when nobody is there */
export async function openSession(options: SessionOptions): Promise<Session | undefined> {
  const { endpoint, timeout } = options;
  const socket = new Dealer({
    // Waits for a connection instead of queueing into nothing, and does not make a second one.
    immediate: true,
    reconnectInterval: -1,
    sendHighWaterMark: SEND_HIGH_WATER_MARK,
    sendTimeout: timeout,
    maxMessageSize: MAX_EVENT_BYTES,
    heartbeatInterval: HEARTBEAT_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    ipv6: true,
    linger: 0,
  });
  let lost = false;
  let acknowledges = false;
  const greeted = createAlarm();

  function lose(): void {
    if (lost) return;
    lost = true;
    greeted.ring();
    // Ends what waits for a connection that will not come.
    if (!socket.closed) socket.close();
    options.onLost();
  }

  async function listen(): Promise<void> {
    for await (const frames of socket) {
      for (const frame of frames) {
        const answer = readAnswer(frame);
        if (answer === undefined) continue;
        acknowledges = true;
        greeted.ring();
        if (!("acknowledges" in answer)) options.onAnswer(answer);
      }
    }
  }

  // "close" is a connection that was refused, "disconnect" one that was there.
  options.signal.addEventListener("abort", lose, { once: true });
  for (const name of ["close", "disconnect"] as const) socket.events.on(name, lose);
  try {
    socket.connect(endpoint);
    await socket.send([...GREETING]);
    listen().catch(lose);
    await greeted.wait(timeout);
  } catch (thrown) {
    if (!socket.closed) socket.close();
    if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN" && !lost) throw thrown;
    return undefined;
  }
  if (lost) return undefined;
  socket.sendTimeout = SEND_TIMEOUT_MS;
  return {
    endpoint,
    acknowledges: () => acknowledges,
    lost: () => lost,
    async send(number, text) {
      if (lost) return false;
      try {
        await socket.send([text, acknowledgeRequest(number)]);
        return true;
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        if (code === "EAGAIN" || socket.closed) return false;
        throw thrown;
      }
    },
    close(linger) {
      options.signal.removeEventListener("abort", lose);
      if (socket.closed) return;
      socket.linger = linger;
      socket.close();
    },
  };
}
