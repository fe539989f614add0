import { spawnSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync } from "node:fs";
import { OperatorError } from "../../errors.ts";

/**
 * The leash is a named pipe. Every process that uses the embedded server holds it open for
 * writing; the server's keeper reads it. When the last holder is gone, by whatever death, the
 * keeper reads end of file and stops the server: no server stays behind, and none is stopped
 * under somebody's feet.
 */
export interface Leash {
  release(): void;
}

/**
 * The shell that keeps the server: $1 is the pipe, the rest the server's command line. It asks the
 * server to stop until it has: one that has just begun does not listen to signals yet.
 */
export const KEEPER = `
leash=$1; shift
"$@" & server=$!
( read -r _ < "$leash"; while kill -INT $server 2>/dev/null; do sleep 0.2; done ) & reader=$!
wait $server; status=$?
kill $reader 2>/dev/null
exit $status`;

/** Makes the named pipe unless it is there. */
export function makeLeash(path: string): void {
  if (existsSync(path)) return;
  const made = spawnSync("mkfifo", ["-m", "600", path], { encoding: "utf8" });
  if (made.status === 0 || existsSync(path)) return;
  throw new OperatorError(
    "DATABASE_LEASH",
    `Cannot make the named pipe ${path}: ${made.error?.message ?? made.stderr.trim()}.`,
    "The data directory must be on a local file system; choose another with --data DIR.",
  );
}

/** Takes hold of a running server's leash, or returns undefined when nobody keeps one. */
export function holdLeash(path: string): Leash | undefined {
  try {
    // Non-blocking: without a reader the call fails with ENXIO instead of waiting (fifo(7)).
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    let held = true;
    return {
      release() {
        if (held) closeSync(descriptor);
        held = false;
      },
    };
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENXIO" || code === "ENOENT") return undefined;
    throw thrown;
  }
}
