import { finished } from "node:stream/promises";
import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { asError } from "../errors.ts";

/** A running COPY into a table; the connection does nothing else until it ends. */
export interface CopyStream {
  /**
   * Resolves when the server keeps up: waiting for it keeps the memory flat.
   *
   * @param done called when the bytes have left and their memory may be used again; only for more
   *   than a socket buffers by itself (16 KiB)
   */
  write(bytes: Buffer, done?: (bytes: Buffer) => void): Promise<void>;
  /** Ends it. @throws what the server says about the rows */
  end(bytes: Buffer): Promise<void>;
  /** Gives it up, so that the transaction can be rolled back. */
  abort(reason: Error): Promise<void>;
}

/**
 * So much may wait for the server while the next rows are made. Counted here and not by the
 * stream, whose "drain" comes only when all of it has left: the server would wait for us, then.
 */
const AHEAD = 2 * 1024 * 1024;

export function openCopy(
  client: ClientBase,
  table: string,
  columns: readonly string[],
): CopyStream {
  const sql = `copy ${table} (${columns.join(", ")}) from stdin binary`;
  const stream = client.query(copyFrom(sql, { highWaterMark: Number.MAX_SAFE_INTEGER }));
  let waiting = 0;
  let roomFree: () => void = () => undefined;
  let failure: Error | undefined;
  function fail(thrown: unknown): void {
    failure ??= asError(thrown);
    roomFree();
  }
  stream.on("error", (thrown) => {
    fail(thrown);
    keepConnection(stream);
  });
  const ended = finished(stream).catch(fail);
  return {
    async write(bytes, done) {
      if (failure !== undefined) throw failure;
      waiting += bytes.length;
      stream.write(bytes, () => {
        waiting -= bytes.length;
        done?.(bytes);
        if (waiting < AHEAD) roomFree();
      });
      if (failure === undefined && waiting >= AHEAD) {
        await new Promise<void>((resolve) => (roomFree = resolve));
      }
      if (failure !== undefined) throw failure;
    },
    async end(bytes) {
      if (failure !== undefined) throw failure;
      stream.end(bytes);
      await ended;
      if (failure !== undefined) throw failure;
    },
    async abort(reason) {
      if (failure === undefined) stream.destroy(reason);
      await ended;
    },
  };
}

/**
 * pg-copy-streams forgets its connection when the server refuses, and then fails over what still
 * waits for the socket, where nobody can catch it. The server drops what comes after a refusal
 * (PostgreSQL, "Message Flow", "COPY Operations"), so it may as well be sent.
 */
function keepConnection(stream: object): void {
  const connection: unknown = Reflect.get(stream, "connection");
  Object.defineProperty(stream, "connection", { get: () => connection, set: () => {} });
}
