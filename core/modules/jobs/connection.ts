import type { Socket } from "node:net";
import { z85 } from "../../events/z85.ts";
import { createCurveSession, type CurvePair, type CurvePart, refusal } from "../../events/curve.ts";
import {
  createFrameReader,
  type Frame,
  frameBytes,
  type Greeting,
  greetingOf,
  metadataBytes,
  readMetadata,
} from "../../events/zmtp.ts";

export interface ConnectionOptions {
  server: CurvePair;
  /** Whether the holder of a key, Z85, may come in. */
  admit: (curveKey: string) => boolean;
  /** The bytes of a request, the key it came under, and how to answer it. */
  onRequest: (bytes: Buffer, curveKey: string, reply: (text: string) => void) => void;
  /** Called once. */
  onClose: () => void;
}

/** Longer messages end the connection. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Of a client that has not proved its key yet. */
const MOST_BYTES_OUTSIDE = 8 * 1024;
const MOST_PARTS = 100;
const HANDSHAKE_MS = 15_000;
/** After so long without a word TCP asks whether the machine is still there. */
const KEEP_ALIVE_MS = 60_000;
/** Unanswered requests of one worker, which sends one at a time; more are not read. */
const MOST_OPEN = 10;
/** Answers that a worker does not fetch. */
const MOST_UNSENT_BYTES = 1024 * 1024;
/** Sockets that may talk to a ROUTER here (ZeroMQ RFC 28), of which Laniakea's workers use the first. */
const CLIENTS = ["REQ", "DEALER"];
const PING = Buffer.from("\x04PING");
const PONG = Buffer.from("\x04PONG");

/**
 * Speaks ZeroMQ with one worker: as a ROUTER socket would, but so that each request comes with the
 * key that CURVE proved, which ZeroMQ's library for Node does not tell.
 *
 * @returns what ends it
 */
export function openConnection(tcp: Socket, options: ConnectionOptions): () => void {
  const { admit, onRequest, server } = options;
  const curve = createCurveSession(
    server,
    metadataBytes({ "Socket-Type": "ROUTER", Identity: "" }),
  );
  const reader = createFrameReader(() => (key === "" ? MOST_BYTES_OUTSIDE : MOST_BYTES));
  /** Of the client, Z85, once it is let in. */
  let key = "";
  let parts: Buffer[] = [];
  let partBytes = 0;
  let unanswered = 0;
  let closed = false;

  function close(): void {
    if (closed) return;
    closed = true;
    tcp.destroy();
    options.onClose();
  }

  function take(found: Greeting | Frame): void {
    if ("mechanism" in found) {
      if (found.major < 3 || found.mechanism !== "CURVE") throw new Error("no CURVE");
    } else if (key === "") {
      shake(found);
    } else {
      const part = curve.open(found.body);
      if (part.command) takeCommand(part);
      else takePart(part);
    }
  }

  function shake({ body }: Frame): void {
    const { answer: back, metadata } = curve.shake(body);
    const client = curve.clientKey();
    if (client !== undefined && metadata !== undefined) {
      const type = readMetadata(metadata).get("socket-type") ?? "";
      const clientKey = z85(client);
      if (!CLIENTS.includes(type) || !admit(clientKey)) {
        tcp.end(frameBytes(refusal("400"), "command"));
        return;
      }
      key = clientKey;
      tcp.setTimeout(0);
    }
    tcp.write(frameBytes(back, "command"));
  }

  /** Signs of life are answered (RFC 37); other commands mean nothing to us. */
  function takeCommand({ payload }: CurvePart): void {
    if (!payload.subarray(0, PING.length).equals(PING)) return;
    const context = payload.subarray(PING.length + 2);
    const payloadBack = Buffer.concat([PONG, context]);
    write({ command: true, more: false, payload: payloadBack });
  }

  function takePart({ more, payload }: CurvePart): void {
    parts.push(payload);
    partBytes += payload.length;
    if (partBytes > MOST_BYTES || parts.length > MOST_PARTS) throw new Error("too long a message");
    if (more) return;
    const [empty, body] = parts;
    const { length } = parts;
    parts = [];
    partBytes = 0;
    // Not from a REQ socket: there is no way to answer that it would understand.
    if (empty?.length !== 0 || body === undefined) return;
    unanswered += 1;
    if (unanswered >= MOST_OPEN) tcp.pause();
    // More than one frame is malformed, as no JSON is.
    onRequest(length === 2 ? body : Buffer.alloc(0), key, answer);
  }

  function answer(text: string): void {
    unanswered -= 1;
    if (closed) return;
    const body = { command: false, more: false, payload: Buffer.from(text) };
    write({ command: false, more: true, payload: Buffer.alloc(0) }, body);
    if (unanswered < MOST_OPEN) tcp.resume();
  }

  function write(...all: CurvePart[]): void {
    tcp.write(Buffer.concat(all.map((part) => frameBytes(curve.seal(part), "message"))));
    // It does not read what it asked for.
    if (tcp.writableLength > MOST_UNSENT_BYTES) close();
  }

  tcp.setNoDelay(true);
  tcp.setKeepAlive(true, KEEP_ALIVE_MS);
  tcp.setTimeout(HANDSHAKE_MS, close);
  tcp.on("error", close).on("close", close).on("end", close);
  tcp.on("data", (bytes) => {
    try {
      for (const found of reader.read(bytes)) if (!closed) take(found);
    } catch {
      // No honest client says anything that ends up here.
      close();
    }
  });
  tcp.write(greetingOf("CURVE"));
  return close;
}
