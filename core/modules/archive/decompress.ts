import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { XzReadableStream } from "xz-decompress";
import { asError, OperatorError } from "../../errors.ts";
import { bytesOf } from "./download-read.ts";

/** Endings of an index, best first: smallest to fetch. */
export const FORMS = ["xz", "gz", ""] as const;
export type Form = (typeof FORMS)[number];

const CHUNK = 1024 * 1024;
/** With every core, and with more memory than `xz -9` needs but not with any that a file asks for. */
const XZ_ARGUMENTS = ["--decompress", "--stdout", "--threads=0", "--memlimit-decompress=256MiB"];

/**
 * The uncompressed bytes of an index, in chunks of at most 1 MiB.
 *
 * @param name       its name in errors
 * @param compressed from its beginning, where its position must be; stays open
 * @param xz         the program to decompress .xz with; where it is missing, a WebAssembly library
 *   does, at twice the cost
 * @throws OperatorError `CORRUPT_INDEX` while reading, when the data is damaged or cut off
 */
export async function* decompress(
  name: string,
  compressed: FileHandle,
  form: Form,
  options: { signal?: AbortSignal; xz?: string } = {},
): AsyncGenerator<Buffer> {
  try {
    if (form === "") yield* bytesOf(compressed);
    else if (form === "gz") yield* gunzip(compressed);
    else yield* unxz(compressed, options);
  } catch (thrown) {
    if (options.signal?.aborted === true) throw asError(options.signal.reason);
    throw new OperatorError(
      "CORRUPT_INDEX",
      `${name} cannot be decompressed: ${asError(thrown).message}.`,
      "Nothing was stored. The file is damaged or cut off on the mirror.",
      { cause: thrown },
    );
  }
}

async function* gunzip(compressed: FileHandle): AsyncGenerator<Buffer> {
  const input = Readable.from(bytesOf(compressed));
  const stream = createGunzip({ chunkSize: CHUNK });
  input.once("error", (error) => stream.destroy(error));
  try {
    yield* input.pipe(stream) as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
  }
}

/** The program reads the file by itself: what is compressed never passes through this process. */
async function* unxz(
  compressed: FileHandle,
  options: { signal?: AbortSignal; xz?: string },
): AsyncGenerator<Buffer> {
  const child = spawn(options.xz ?? "xz", XZ_ARGUMENTS, {
    stdio: [compressed.fd, "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }) as ChildProcessByStdio<null, Readable, Readable>;
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<Error | "missing" | undefined>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? "missing" : error),
    );
    child.once("close", (status) => resolve(status === 0 ? undefined : xzError(complaint)));
  });
  const spawned = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  if (!spawned) {
    const failure = await ended;
    if (failure !== "missing") throw failure;
    yield* unxzInProcess(compressed);
    return;
  }
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const failure = await ended;
    if (failure !== undefined) throw failure;
  } finally {
    child.kill();
  }
}

function xzError(complaint: string): Error {
  return new Error(complaint.trim().replace(/^\S*xz: (\(stdin\): )?/, "") || "xz failed");
}

async function* unxzInProcess(compressed: FileHandle): AsyncGenerator<Buffer> {
  // A CommonJS bundle: what its types call a named export lies on the default one.
  const library = (await import("xz-decompress")) as unknown as {
    default: { XzReadableStream: typeof XzReadableStream };
  };
  const web = Readable.toWeb(Readable.from(bytesOf(compressed))) as ReadableStream<Uint8Array>;
  for await (const chunk of Readable.fromWeb(new library.default.XzReadableStream(web) as never)) {
    yield Buffer.from(chunk as Uint8Array);
  }
}
