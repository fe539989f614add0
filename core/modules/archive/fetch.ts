import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { asError, OperatorError } from "../../errors.ts";
import { unreachable } from "./fetch-address.ts";
import type { HttpClient } from "./fetch-http.ts";
import { type Patience, RangeRefused, retrying } from "./fetch-retry.ts";

/** What a mirror answers. */
export type Fetched =
  | {
      status: "found";
      /** To be read once. */
      body: AsyncIterable<Buffer>;
      /** The byte that the body begins with: 0, or what `resume` asked for. */
      from: number;
      /** Of the whole file, where the server says it. */
      size: number | undefined;
      etag: string | undefined;
      lastModified: string | undefined;
      /** Ends the body, read or not. */
      close(): void;
    }
  | { status: "unchanged" }
  | { status: "missing" };

/** What was got before: the file is only sent when it differs. */
export interface Known {
  etag: string | null;
  lastModified: string | null;
}

/** The rest of a file of which the beginning is there. */
export interface Resume {
  from: number;
  /** Of the whole file. */
  size: number;
  /** Strong ETag or Last-Modified of the beginning: if the file is another now, all of it comes. */
  validator: string | undefined;
}

export interface Ask {
  known?: Known | undefined;
  /** Asked before each try. */
  resume?: () => Resume | undefined;
  /** Instead of the signal of the fetcher. */
  signal?: AbortSignal;
}

export interface Fetcher {
  /**
   * Opens a file of an archive and hands it on. Called again when the network or the server fails
   * underway, with the rest of the file if `resume` wants it.
   *
   * @returns what `use` returns
   * @throws OperatorError `MIRROR_UNREACHABLE` after the last try; what `use` throws as
   *   OperatorError is passed on at once
   */
  fetch<Result>(
    url: string,
    use: (fetched: Fetched) => Promise<Result>,
    ask?: Ask,
  ): Promise<Result>;
  /** Mirrors in the order to ask them: as given, but those that failed once come last. */
  inOrder(mirrors: readonly string[]): string[];
  /** Tells that a mirror failed. */
  blame(mirror: string): void;
  close(): Promise<void>;
}

export interface FetchOptions extends Patience {
  signal: AbortSignal;
}

const PATIENCE = 30_000;

/** Fetches over http, https (through the proxy that the environment names) and file. */
export function createFetcher(options: FetchOptions): Fetcher {
  const patience = options.patienceMs ?? PATIENCE;
  let client: Promise<HttpClient> | undefined;
  // The library takes as long to load as an import that finds nothing new.
  const http = (): Promise<HttpClient> =>
    (client ??= import("./fetch-http.ts").then((loaded) => loaded.createHttpClient(patience)));
  const failed = new Set<string>();
  return {
    async fetch(url, use, ask = {}) {
      const { known, signal = options.signal } = ask;
      let resumable = true;
      const attempt = async () => {
        const resume = resumable ? ask.resume?.() : undefined;
        const fetched = url.startsWith("file:")
          ? await openFile(url)
          : await (await http()).open(url, { signal, known, resume });
        try {
          return await use(fetched);
        } finally {
          if (fetched.status === "found") fetched.close();
        }
      };
      const tolerant = () =>
        attempt().catch((thrown: unknown) => {
          if (!(thrown instanceof RangeRefused)) throw thrown;
          resumable = false;
          return attempt();
        });
      try {
        return await retrying(tolerant, () => ask.resume?.()?.from ?? 0, options, signal);
      } catch (thrown) {
        if (signal.aborted) throw asError(signal.reason);
        throw thrown instanceof OperatorError ? thrown : unreachable(url, reasonOf(thrown), thrown);
      }
    },
    inOrder: (mirrors) => [
      ...mirrors.filter((mirror) => !failed.has(mirror)),
      ...mirrors.filter((mirror) => failed.has(mirror)),
    ],
    blame: (mirror) => failed.add(mirror),
    close: async () => (await client)?.close(),
  };
}

async function openFile(url: string): Promise<Fetched> {
  const handle = await openLocal(url);
  if (handle === undefined) return { status: "missing" };
  const { size } = await handle.stat();
  const body = handle.createReadStream({ highWaterMark: 256 * 1024 });
  const close = (): void => void body.destroy();
  return { status: "found", body, from: 0, size, etag: undefined, lastModified: undefined, close };
}

/**
 * Opens a file of a `file:` mirror.
 *
 * @returns undefined when it is not there
 * @throws OperatorError `MIRROR_UNREACHABLE` when it cannot be read
 */
export async function openLocal(url: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(fileURLToPath(url));
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreachable(url, asError(thrown).message, thrown);
  }
}

function reasonOf(thrown: unknown): string {
  const error = asError(thrown);
  // When all addresses of a host fail, only the parts say why.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return asError(error.errors[0]).message;
  }
  // Beyond the first sentence undici advises programmers.
  const [text = ""] = (error.message || error.name).split(". ");
  return text.replace(/\.$/, "");
}
