import { PassThrough } from "node:stream";
import { OperatorError } from "../../../core/errors.ts";

/** Streams that one process keeps open, and of them from one address. */
const MAX_STREAMS = 200;
const MAX_PER_ADDRESS = 40;
/** A reader who is that far behind is let go; it comes back and asks for what it missed. */
const MAX_BUFFERED_BYTES = 1 << 20;
const HEARTBEAT_MS = 20_000;
/** How long a browser waits before it comes back. */
const RETRY_MS = 2_000;

/** One reader of server-sent events (HTML, section 9.2). */
export interface Stream {
  /** What the answer's body is. */
  body: PassThrough;
  send(event: StreamEvent): void;
  close(): void;
  readonly closed: boolean;
}

export interface StreamEvent {
  event: string;
  data: unknown;
  /** Comes back as Last-Event-ID. */
  id?: string;
}

/** All open streams: bounded in number, kept alive, closed together. */
export interface Streams {
  readonly size: number;
  /** @throws OperatorError `TOO_MANY_STREAMS` */
  open(address: string): Stream;
  close(): void;
}

export function createStreams(): Streams {
  const open = new Map<Stream, string>();
  const heartbeat = setInterval(() => {
    for (const stream of open.keys()) stream.body.write(": still here\n\n");
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    get size() {
      return open.size;
    },
    open(address) {
      const same = [...open.values()].filter((other) => other === address).length;
      if (open.size >= MAX_STREAMS || same >= MAX_PER_ADDRESS) throw tooMany(open.size);
      const stream = newStream(() => open.delete(stream));
      open.set(stream, address);
      return stream;
    },
    close() {
      clearInterval(heartbeat);
      for (const stream of open.keys()) stream.close();
    },
  };
}

function newStream(onClose: () => void): Stream {
  const body = new PassThrough();
  // The first bytes tell the browser that the stream is open.
  body.write(`retry: ${RETRY_MS}\n\n`);
  body.once("close", onClose);
  return {
    body,
    send({ event, data, id }) {
      if (body.destroyed || body.writableEnded) return;
      if (body.readableLength + body.writableLength > MAX_BUFFERED_BYTES) {
        body.destroy();
        return;
      }
      // JSON holds no line ends, so one data line is enough.
      const line = id === undefined ? "" : `id: ${id}\n`;
      body.write(`${line}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close() {
      body.end();
    },
    get closed() {
      return body.destroyed || body.writableEnded;
    },
  };
}

function tooMany(count: number): OperatorError {
  return new OperatorError(
    "TOO_MANY_STREAMS",
    `${count} live streams are open already.`,
    "Close pages that are not read, or reload this one without following it.",
  );
}
