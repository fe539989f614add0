import { connect, type Socket } from "node:net";
import { type Context, Router } from "zeromq";

/** How ZeroMQ is reached for one connection. */
export interface ConnectionOptions {
  context: Context;
  /** Z85, of the server. */
  secretKey: string;
  /** Names the connection for the authenticator. */
  domain: string;
  /** A path for a socket file, short. */
  path: string;
}

/** One worker's connection: requests come out of it, each with the way back. */
export interface Connection {
  domain: string;
  /** Resolves when ZeroMQ is there. */
  open(): Promise<void>;
  close(): void;
}

/** Longer messages end the connection. */
const MOST_BYTES = 16 * 1024 * 1024;
const HANDSHAKE_MS = 15_000;
/** A machine that vanished without a word is noticed so. ZeroMQ answers these by itself. */
const HEARTBEAT_MS = 60_000;
/** Unread requests of one worker; it sends one at a time. */
const HIGH_WATER_MARK = 10;

/**
 * Gives a TCP connection a ROUTER socket of its own. ZeroMQ tells its authenticator which socket a
 * key came to, but not on which connection of that socket a message came; with one connection a
 * socket, the key and the message are bound together by CURVE itself.
 *
 * @param onRequest the bytes of a request and how to answer it
 * @param onClose   called once
 */
export function createConnection(
  tcp: Socket,
  options: ConnectionOptions,
  onRequest: (bytes: Buffer, reply: (text: string) => void) => void,
  onClose: () => void,
): Connection {
  let closed = false;
  let inner: Socket | undefined;
  const router = new Router({
    context: options.context,
    curveServer: true,
    curveSecretKey: options.secretKey,
    zapDomain: options.domain,
    maxMessageSize: MOST_BYTES,
    handshakeInterval: HANDSHAKE_MS,
    heartbeatInterval: HEARTBEAT_MS,
    receiveHighWaterMark: HIGH_WATER_MARK,
    sendHighWaterMark: HIGH_WATER_MARK,
    // An answer that the worker does not fetch keeps nobody else waiting.
    sendTimeout: 0,
    linger: 0,
  });

  function close(): void {
    if (closed) return;
    closed = true;
    tcp.destroy();
    inner?.destroy();
    router.close();
    onClose();
  }

  async function listen(): Promise<void> {
    for await (const frames of router) {
      const [peer, empty, body] = frames;
      // Not from a REQ socket: there is no way to answer that it would understand.
      if (peer === undefined || empty?.length !== 0 || body === undefined) continue;
      // More than one frame is malformed, as no JSON is.
      onRequest(frames.length === 3 ? body : Buffer.alloc(0), (text) => {
        if (!router.closed) router.send([peer, empty, text]).catch(() => undefined);
      });
    }
  }

  tcp.setNoDelay(true);
  tcp.on("error", close).on("close", close);
  return {
    domain: options.domain,
    async open() {
      await router.bind(`ipc://${options.path}`);
      if (closed) return;
      listen().catch(close);
      inner = connect(options.path);
      inner.on("error", close).on("close", close);
      tcp.pipe(inner).pipe(tcp);
    },
    close,
  };
}
