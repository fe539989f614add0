import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import unbzip2Stream from "unbzip2-stream";
import type { XzReadableStream } from "xz-decompress";
import { asError, OperatorError } from "../../errors.ts";
import { bytesOf } from "./download-read.ts";

/** Endings of an index, best first: smallest to fetch. */
export const FORMS = ["xz", "bz2", "gz", ""] as const;
export type Form = (typeof FORMS)[number];

const CHUNK = 1024 * 1024;
/** With every core, and with more memory than `xz -9` needs but not with any that a file asks for. */
const XZ_ARGUMENTS = ["--decompress", "--stdout", "--threads=0", "--memlimit-decompress=256MiB"];

/**
 * The uncompressed bytes of an index, in chunks of at most 1 MiB.
 *
 * @param name       its name in errors
 * @param compressed from its beginning, where its position must be; stays open
 * @param options    program: instead of xz or bzip2; where it is missing, a library does, at twice
 *   the cost
 * @throws OperatorError `CORRUPT_INDEX` while reading, when the data is damaged or cut off
 */
export async function* decompress(
  name: string,
  compressed: FileHandle,
  form: Form,
  options: { signal?: AbortSignal; program?: string } = {},
): AsyncGenerator<Buffer> {
  try {
    if (form === "") yield* bytesOf(compressed);
    else if (form === "gz") yield* gunzip(compressed);
    else if (form === "bz2") yield* throughProgram("bzip2", UNBZIP2, unbzip2, compressed, options);
    else yield* throughProgram("xz", XZ_ARGUMENTS, unxz, compressed, options);
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

const UNBZIP2 = ["--decompress", "--stdout"];

/**
 * Decompresses by a program that reads the file by itself: what is compressed never passes
 * through this process. Where the program is missing, a library does.
 */
async function* throughProgram(
  program: string,
  parameters: string[],
  library: (compressed: FileHandle) => AsyncIterable<Buffer>,
  compressed: FileHandle,
  options: { signal?: AbortSignal; program?: string },
): AsyncGenerator<Buffer> {
  const child = spawn(options.program ?? program, parameters, {
    stdio: [compressed.fd, "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }) as ChildProcessByStdio<null, Readable, Readable>;
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<Error | "missing" | undefined>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? "missing" : error),
    );
    child.once("close", (status) =>
      resolve(status === 0 ? undefined : programError(program, complaint)),
    );
  });
  const spawned = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  if (!spawned) {
    const failure = await ended;
    if (failure !== "missing") throw failure;
    yield* library(compressed);
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

/** The first line of what it says, without its own name and hints for its users. */
function programError(program: string, complaint: string): Error {
  const [line = ""] = complaint.trim().split("\n");
  return new Error(line.replace(/^\S+: (\(stdin\): )?/, "") || `${program} failed`);
}

async function* unbzip2(compressed: FileHandle): AsyncGenerator<Buffer> {
  const input = Readable.from(bytesOf(compressed));
  const stream = unbzip2Stream();
  input.once("error", (error) => stream.destroy(error));
  yield* new Readable().wrap(input.pipe(stream)) as AsyncIterable<Buffer>;
}

async function* unxz(compressed: FileHandle): AsyncGenerator<Buffer> {
  // A CommonJS bundle: what its types call a named export lies on the default one.
  const library = (await import("xz-decompress")) as unknown as {
    default: { XzReadableStream: typeof XzReadableStream };
  };
  const web = Readable.toWeb(Readable.from(bytesOf(compressed))) as ReadableStream<Uint8Array>;
  for await (const chunk of Readable.fromWeb(new library.default.XzReadableStream(web) as never)) {
    yield Buffer.from(chunk as Uint8Array);
  }
}
