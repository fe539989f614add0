import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import pRetry from "p-retry";
import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from "undici";
import { asError, OperatorError } from "../../errors.ts";

/** What a mirror answers. The body of a found file must be read or destroyed. */
export type Fetched =
  | { status: "found"; body: Readable; etag: string | undefined; lastModified: string | undefined }
  | { status: "unchanged" }
  | { status: "missing" };

/** What was got before: the file is only sent when it differs. */
export interface Known {
  etag: string | null;
  lastModified: string | null;
}

export interface Fetcher {
  /**
   * Opens a file of an archive and hands it on. Called again from the start when the network or
   * the server fails underway.
   *
   * @param asked.signal ends this one instead of the signal of the fetcher
   * @returns what `use` returns
   * @throws OperatorError `MIRROR_UNREACHABLE` after the last try; what `use` throws as
   *   OperatorError is passed on at once
   */
  fetch<Result>(
    url: string,
    use: (fetched: Fetched) => Promise<Result>,
    asked?: { known?: Known | undefined; signal?: AbortSignal },
  ): Promise<Result>;
  close(): Promise<void>;
}

export interface FetchOptions {
  signal: AbortSignal;
  /** A server that says nothing for so long is given up. */
  patienceMs?: number;
  /** Further tries after the first; each waits longer. */
  retries?: number;
}

/** Fetches over http, https (through the proxy that the environment names) and file. */
export function createFetcher(options: FetchOptions): Fetcher {
  const patience = options.patienceMs ?? 30_000;
  const agent = new EnvHttpProxyAgent({ headersTimeout: patience, bodyTimeout: patience });
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 5 }));
  return {
    async fetch(url, use, asked = {}) {
      const signal = asked.signal ?? options.signal;
      try {
        return await pRetry(
          async () => {
            const fetched = url.startsWith("file:")
              ? await openFile(url)
              : await openHttp(url, dispatcher, signal, asked.known);
            try {
              return await use(fetched);
            } finally {
              if (fetched.status === "found") fetched.body.destroy();
            }
          },
          {
            retries: options.retries ?? 2,
            minTimeout: 300,
            factor: 3,
            signal,
            shouldRetry: (error) => !(error instanceof OperatorError) && !url.startsWith("file:"),
          },
        );
      } catch (thrown) {
        if (signal.aborted) throw asError(signal.reason);
        throw thrown instanceof OperatorError ? thrown : unreachable(url, reasonOf(thrown), thrown);
      }
    },
    close: () => agent.close(),
  };
}

/** An address for people: without the password that it may hold. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/, "$1");
}

/** The address of a file in an archive. */
export function archiveUrl(mirror: string, path: string): string {
  return `${mirror.replace(/\/+$/, "")}/${path}`;
}

async function openFile(url: string): Promise<Fetched> {
  try {
    const handle = await open(fileURLToPath(url));
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      return { status: "missing" };
    }
    const body = handle.createReadStream({ highWaterMark: 256 * 1024 });
    return { status: "found", body, etag: undefined, lastModified: undefined };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { status: "missing" };
    throw thrown;
  }
}

async function openHttp(
  url: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
  known: Known | undefined,
): Promise<Fetched> {
  const address = new URL(url);
  const headers: Record<string, string> = { "user-agent": "laniakea", accept: "*/*" };
  if (address.username !== "") {
    const user = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(user).toString("base64")}`;
  }
  if (known?.etag) headers["if-none-match"] = known.etag;
  if (known?.lastModified) headers["if-modified-since"] = known.lastModified;
  const response = await request(shownUrl(url), { dispatcher, signal, headers });
  const { statusCode, body } = response;
  if (statusCode === 200) {
    return {
      status: "found",
      body,
      etag: header(response.headers["etag"]),
      lastModified: header(response.headers["last-modified"]),
    };
  }
  await body.dump();
  if (statusCode === 304) return { status: "unchanged" };
  if (statusCode === 404 || statusCode === 410) return { status: "missing" };
  // A server that is busy or broken may recover; one that refuses will not.
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
    throw new Error(`the server answers ${statusCode}`);
  }
  throw unreachable(url, `the server answers ${statusCode}`);
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function unreachable(url: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError(
    "MIRROR_UNREACHABLE",
    `Cannot fetch ${shownUrl(url)}: ${reason}.`,
    "Check the address and the network, or add another mirror to the repository.",
    { cause },
  );
}

function reasonOf(thrown: unknown): string {
  const error = asError(thrown);
  // When all addresses of a host fail, only the parts say why.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return asError(error.errors[0]).message;
  }
  const text = error.message || error.name;
  return text.replace(/\.$/, "");
}
