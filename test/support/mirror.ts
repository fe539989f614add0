import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How the mirror treats one request; undefined serves the file as a good one does. */
export interface Behaviour {
  /** Answers with this status and no file. */
  answer?: number;
  headers?: Record<string, string>;
  redirect?: string;
  /** Answers well, but not before this. */
  after?: Promise<void>;
  instead?: Buffer;
  /** Sends other bytes of the same length. */
  garble?: true;
  /** Sends so many bytes and closes the connection. */
  cutAfter?: number;
  /** Sends so many bytes; then all connections break, and for a moment none is taken. */
  dieAfter?: number;
  /** Sends so many bytes and then nothing. */
  stallAfter?: number;
  /** So many bytes at a time, with a pause of so many milliseconds. */
  slowly?: number;
  pauseMs?: number;
  /** The length that it claims. */
  says?: number;
  /** Tells no length. */
  chunked?: true;
  /** Goes on after the end of the file. */
  endless?: true;
  /** What it does when asked for a part: it sends all, nothing, or another part. */
  ranges?: "ignored" | "refused" | "shifted" | "cut short" | "of another file" | "unlabelled";
}

export interface Mirror {
  url: string;
  /** What was asked for, in order of its end, with the status answered and the bytes sent. */
  requests: {
    path: string;
    status: number;
    headers: IncomingMessage["headers"];
    sent: number;
  }[];
  /** Decides about each request; `count` tells how often the path was asked for before. */
  behave: (path: string, count: number) => Behaviour | undefined;
  close(): Promise<void>;
}

/** Serves a folder over HTTP, or HTTPS, on a free port, and misbehaves when told. */
export async function startMirror(
  folder: string,
  tls?: { key: string; cert: string },
): Promise<Mirror> {
  const counts = new Map<string, number>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const mirror: Mirror = {
    url: "",
    requests: [],
    behave: () => undefined,
    close: () => closeServer(server),
  };
  let down = false;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://mirror").pathname);
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    const { headers } = request;
    const record = { path, status: 0, headers, sent: 0 };
    response.once("close", () => {
      mirror.requests.push({ ...record, status: response.statusCode });
    });
    const behaviour = mirror.behave(path, count) ?? {};
    await answer(request, response, join(folder, path), behaviour, (bytes) => {
      record.sent += bytes;
    });
    if (behaviour.dieAfter === undefined) return;
    // It keeps its port: somebody else could get it meanwhile.
    down = true;
    server.closeAllConnections();
    await sleep(5);
    down = false;
  }

  server.on("connection", (socket) => {
    if (down) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  mirror.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return mirror;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
  behaviour: Behaviour,
  onSent: (bytes: number) => void,
): Promise<void> {
  await behaviour.after;
  for (const [name, value] of Object.entries(behaviour.headers ?? {})) {
    response.setHeader(name, value);
  }
  if (behaviour.answer !== undefined) return end(response, behaviour.answer);
  if (behaviour.redirect !== undefined) {
    response.setHeader("location", behaviour.redirect);
    return end(response, 302);
  }
  if (behaviour.instead !== undefined) {
    response.end(behaviour.instead);
    return;
  }
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) return end(response, 404);
  const etag = `"${found.size}-${found.mtime.getTime()}"`;
  if (request.headers["if-none-match"] === etag) return end(response, 304);
  response.setHeader("etag", etag);
  response.setHeader("last-modified", found.mtime.toUTCString());
  const start = rangeStart(request, response, found.size, etag, behaviour);
  if (start === undefined) return end(response, 416);
  const length = behaviour.says ?? found.size - start;
  if (behaviour.chunked === undefined) response.setHeader("content-length", length);
  await sendFile(response, file, start, behaviour, onSent);
}

/** Reads the wish for a part, and says which part comes; undefined where none does. */
function rangeStart(
  request: IncomingMessage,
  response: ServerResponse,
  size: number,
  etag: string,
  { ranges }: Behaviour,
): number | undefined {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers["range"] ?? "") ?? [];
  const condition = request.headers["if-range"];
  const same = condition === undefined || condition === etag;
  if (from === undefined || !same || ranges === "ignored") return 0;
  if (ranges === "refused" || Number(from) >= size) return undefined;
  const start = ranges === "shifted" ? 0 : Number(from);
  const last = ranges === "cut short" ? size - 2 : size - 1;
  const total = ranges === "of another file" ? size + 1 : size;
  response.statusCode = 206;
  if (ranges !== "unlabelled") {
    response.setHeader("content-range", `bytes ${start}-${last}/${total}`);
  }
  return start;
}

async function sendFile(
  response: ServerResponse,
  file: string,
  start: number,
  behaviour: Behaviour,
  onSent: (bytes: number) => void,
): Promise<void> {
  const { cutAfter, dieAfter, stallAfter, slowly, garble, endless } = behaviour;
  const stop = cutAfter ?? dieAfter ?? stallAfter;
  let sent = 0;
  const send = async (chunk: Buffer): Promise<void> => {
    if (garble) chunk.fill(0x21);
    const part = stop === undefined ? chunk : chunk.subarray(0, stop - sent);
    sent += part.length;
    onSent(part.length);
    await new Promise<void>((resolve) => response.write(part, () => resolve()));
    if (behaviour.pauseMs !== undefined) await sleep(behaviour.pauseMs);
  };
  response.flushHeaders();
  for await (const piece of createReadStream(file, { start, highWaterMark: slowly ?? 64 * 1024 })) {
    if (response.destroyed) return;
    if (stop === undefined || sent < stop) await send(piece as Buffer);
  }
  while (endless && !response.destroyed) await send(Buffer.alloc(64 * 1024));
  if (stallAfter !== undefined) return;
  if (stop === undefined) response.end();
  else response.destroy();
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
