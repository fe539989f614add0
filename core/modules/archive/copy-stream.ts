import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { asError } from "../../errors.ts";

/** A running COPY into a table; the connection does nothing else until it ends. */
export interface CopyStream {
  /** Resolves when the server keeps up: waiting for it keeps the memory flat. */
  write(bytes: Buffer): Promise<void>;
  /** Ends it. @throws what the server says about the rows */
  end(bytes: Buffer): Promise<void>;
  /** Gives it up, so that the transaction can be rolled back. */
  abort(reason: Error): Promise<void>;
}

/** So much may wait for the server while the next rows are made; else each waits for the other. */
const AHEAD = 2 * 1024 * 1024;

export function openCopy(
  client: ClientBase,
  table: string,
  columns: readonly string[],
): CopyStream {
  const sql = `copy ${table} (${columns.join(", ")}) from stdin binary`;
  const stream = client.query(copyFrom(sql, { highWaterMark: AHEAD }));
  let failure: Error | undefined;
  const ended = finished(stream).catch((thrown: unknown) => {
    failure ??= asError(thrown);
  });
  async function write(bytes: Buffer): Promise<void> {
    if (failure !== undefined) throw failure;
    if (stream.write(bytes)) return;
    await Promise.race([once(stream, "drain"), ended]);
    if (failure !== undefined) throw failure;
  }
  return {
    write,
    async end(bytes) {
      stream.end(bytes);
      await ended;
      if (failure !== undefined) throw failure;
    },
    async abort(reason) {
      stream.destroy(reason);
      await ended;
    },
  };
}
