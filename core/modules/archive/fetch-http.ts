import type { Readable } from "node:stream";
import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from "undici";
import type { Fetched, Known, Resume } from "./fetch.ts";
import { shownUrl, unreachable } from "./fetch-address.ts";
import { retryAfter } from "../../retry-after.ts";
import { RangeRefused, TooSlow, TryAgain } from "./fetch-retry.ts";

/** How a file is asked for. */
export interface HttpAsk {
  signal: AbortSignal;
  known: Known | undefined;
  resume: Resume | undefined;
}

/** Connections to mirrors. */
export interface HttpClient {
  /**
   * Asks for a file and reads the head of the answer.
   *
   * @throws TryAgain where the server may recover; RangeRefused where it sent another part than
   *   the one asked for; OperatorError `MIRROR_UNREACHABLE` where it refuses; else what the network
   *   threw
   */
  open(url: string, ask: HttpAsk): Promise<Fetched>;
  close(): Promise<void>;
}

/** Connections to one server. Mirrors ask their users to be modest, and a few fill any line. */
const CONNECTIONS = 4;

/** Connects through the proxy that the environment names. @param patience milliseconds */
export function createHttpClient(patience: number): HttpClient {
  const agent = new EnvHttpProxyAgent({
    headersTimeout: patience,
    // Bodies are watched here.
    bodyTimeout: 0,
    connections: CONNECTIONS,
  });
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 5 }));
  return {
    open: (url, ask) => openHttp(url, ask, dispatcher, patience),
    close: () => agent.close(),
  };
}

async function openHttp(
  url: string,
  ask: HttpAsk,
  dispatcher: Dispatcher,
  patience: number,
): Promise<Fetched> {
  const { signal } = ask;
  const response = await request(shownUrl(url), {
    dispatcher,
    signal,
    headers: headersOf(url, ask),
  });
  const { statusCode, body } = response;
  // Who reads it hears of an error; once nobody does, nobody needs to.
  body.on("error", () => undefined);
  const header = (name: string): string | undefined => first(response.headers[name]);
  const found = (from: number, size: number | undefined): Fetched => ({
    status: "found",
    body: watched(body, patience),
    from,
    size,
    etag: header("etag"),
    lastModified: header("last-modified"),
    close: () => void body.destroy(),
  });
  if (statusCode === 200) return found(0, lengthOf(header("content-length")));
  if (statusCode === 206 && ask.resume !== undefined) {
    if (fits(header("content-range"), ask.resume)) return found(ask.resume.from, ask.resume.size);
    body.destroy();
    throw new RangeRefused();
  }
  // Read, so that the connection can be used again, unless that is more work than a new one.
  const enough = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  await body.dump({ limit: 64 * 1024, signal: enough }).catch(() => body.destroy());
  if (statusCode === 416 && ask.resume !== undefined) throw new RangeRefused();
  if (statusCode === 304) return { status: "unchanged" };
  if (statusCode === 404 || statusCode === 410) return { status: "missing" };
  // A server that is busy or broken may recover; one that refuses will not.
  const answer = `the server answers ${statusCode}`;
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
    throw new TryAgain(answer, retryAfter(header("retry-after"), Date.now()));
  }
  throw unreachable(url, answer);
}

function headersOf(url: string, { known, resume }: HttpAsk): Record<string, string> {
  const headers: Record<string, string> = {
    "user-agent": "laniakea",
    accept: "*/*",
    // Hashes are of the file as it lies there.
    "accept-encoding": "identity",
  };
  const { username, password } = new URL(url);
  if (username !== "") {
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers["authorization"] = `Basic ${Buffer.from(user).toString("base64")}`;
  }
  if (known?.etag) headers["if-none-match"] = known.etag;
  if (known?.lastModified) headers["if-modified-since"] = known.lastModified;
  if (resume !== undefined) headers["range"] = `bytes=${resume.from}-`;
  if (resume?.validator !== undefined) headers["if-range"] = resume.validator;
  return headers;
}

/** Whether a 206 holds the rest of the file that was asked for, to its end (RFC 9110, 14.4). */
function fits(contentRange: string | undefined, { from, size }: Resume): boolean {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(contentRange ?? "");
  if (match === null) return false;
  const [, begin, last, total] = match;
  const wholeFits = total === "*" || Number(total) === size;
  return Number(begin) === from && Number(last) === size - 1 && wholeFits;
}

/**
 * Gives up a body that stopped or trickles: fewer bytes than milliseconds in as long as patience
 * lasts.
 */
async function* watched(body: Readable, patience: number): AsyncGenerator<Buffer> {
  let received = 0;
  const timer = setInterval(() => {
    const pace = received === 0 ? "it stopped midway" : "it sends less than 1 kB a second";
    if (received < patience) body.destroy(new TooSlow(pace));
    received = 0;
  }, patience);
  try {
    for await (const piece of body) {
      const chunk = piece as Buffer;
      received += chunk.length;
      yield chunk;
    }
  } finally {
    clearInterval(timer);
  }
}

function lengthOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
