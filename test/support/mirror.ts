import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** How the mirror treats one request; undefined serves the file as a good one does. */
export type Behaviour =
  | { answer: number }
  /** Says how long the file is, sends a part, and closes the connection. */
  | { cutAfter: number }
  /** Sends other bytes of the same length. */
  | { garble: true }
  | { instead: Buffer }
  /** A few bytes at a time. */
  | { slowly: number }
  /** Sends the head and then nothing. */
  | { stall: true }
  /** Answers well, but not before this. */
  | { after: Promise<void> }
  | { redirect: string };

export interface Mirror {
  url: string;
  /** Paths asked for, in order, with the status answered. */
  requests: { path: string; status: number; headers: IncomingMessage["headers"] }[];
  /** Decides about each request; `count` tells how often the path was asked for before. */
  behave: (path: string, count: number) => Behaviour | undefined;
  close(): Promise<void>;
}

/** Serves a folder over HTTP on a free port, and misbehaves when told. */
export async function startMirror(folder: string): Promise<Mirror> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  const mirror: Mirror = {
    url: "",
    requests: [],
    behave: () => undefined,
    close: () => closeServer(server),
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://mirror").pathname);
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    response.once("close", () => {
      const { headers } = request;
      mirror.requests.push({ path, status: response.statusCode, headers });
    });
    const file = join(folder, path);
    const found = await stat(file).catch(() => undefined);
    await answer(request, response, file, found, mirror.behave(path, count));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  mirror.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return mirror;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
  found: { size: number; mtime: Date; isFile(): boolean } | undefined,
  behaviour: Behaviour | undefined,
): Promise<void> {
  if (behaviour !== undefined && "after" in behaviour) await behaviour.after;
  if (behaviour !== undefined && "answer" in behaviour) return end(response, behaviour.answer);
  if (behaviour !== undefined && "redirect" in behaviour) {
    response.setHeader("location", behaviour.redirect);
    return end(response, 302);
  }
  if (behaviour !== undefined && "instead" in behaviour) {
    response.end(behaviour.instead);
    return;
  }
  if (found?.isFile() !== true) return end(response, 404);
  const etag = `"${found.size}-${found.mtime.getTime()}"`;
  if (request.headers["if-none-match"] === etag) return end(response, 304);
  response.setHeader("etag", etag);
  response.setHeader("last-modified", found.mtime.toUTCString());
  response.setHeader("content-length", found.size);
  await sendFile(response, file, behaviour);
}

async function sendFile(
  response: ServerResponse,
  file: string,
  behaviour: Behaviour | undefined,
): Promise<void> {
  if (behaviour !== undefined && "stall" in behaviour) {
    response.flushHeaders();
    return;
  }
  const size = behaviour !== undefined && "slowly" in behaviour ? behaviour.slowly : 64 * 1024;
  let sent = 0;
  for await (const piece of createReadStream(file, { highWaterMark: size })) {
    const chunk = piece as Buffer;
    if (behaviour !== undefined && "garble" in behaviour) chunk.fill(0x21);
    if (behaviour !== undefined && "cutAfter" in behaviour) {
      response.write(chunk.subarray(0, behaviour.cutAfter - sent));
      sent += chunk.length;
      if (sent >= behaviour.cutAfter) {
        setTimeout(() => response.destroy(), 20);
        return;
      }
      continue;
    }
    response.write(chunk);
    if (behaviour !== undefined && "slowly" in behaviour) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  response.end();
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
