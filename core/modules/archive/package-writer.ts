import type { ClientBase } from "pg";
import type { IndexKind } from "../../debian/index-path.ts";
import { type CopyEncoder, createCopyEncoder } from "../../database/copy-encoder.ts";
import { type CopyStream, openCopy } from "../../database/copy-stream.ts";
import { rowShape } from "./row-maker.ts";
import { SOURCE_FILE_COLUMNS, SOURCE_FILE_TABLE } from "./source-files.ts";

/**
 * Sends rows of packages, and of the files of sources, to the server while they are made. One
 * connection does one COPY at a time, so the two tables take turns.
 */
export interface PackageWriter {
  rows: CopyEncoder;
  files: CopyEncoder;
  /** Sends what has gathered, when it is worth it. */
  flush(): Promise<void>;
  /** Sends the rest. @throws what the server says about the rows */
  end(): Promise<void>;
  /** Gives up, so that the transaction can be rolled back. */
  abort(reason: Error): Promise<void>;
}

/** Large enough for few round trips; see also `CopyStream.write`. */
const FLUSH_AT = 192 * 1024;
/** So many rows of files wait for their turn. */
const TURN_AT = 4 * 1024 * 1024;

/** @param suffix appended to the names of the tables: rows go to stages instead */
export function createPackageWriter(
  client: ClientBase,
  kind: IndexKind,
  suffix: "" | "_stage",
): PackageWriter {
  const shape = rowShape(kind);
  const columns = shape.columns.map((column) => column.name);
  const rows = createCopyEncoder();
  const files = createCopyEncoder();
  let copy: CopyStream | undefined;
  let fileBlocks: Buffer[] = [];
  let fileBytes = 0;

  function keepFiles(block: Buffer): void {
    fileBlocks.push(block);
    fileBytes += block.length;
  }

  function packages(): CopyStream {
    copy ??= openCopy(client, shape.table + suffix, columns);
    return copy;
  }

  async function endPackages(): Promise<void> {
    // Where nothing had changed no COPY is begun.
    if (rows.empty()) return;
    await packages().end(rows.finish());
    copy = undefined;
  }

  async function sendFiles(): Promise<void> {
    if (fileBytes === 0 && files.empty()) return;
    keepFiles(files.finish());
    copy = openCopy(client, SOURCE_FILE_TABLE + suffix, SOURCE_FILE_COLUMNS);
    const last = fileBlocks.pop() ?? Buffer.alloc(0);
    for (const block of fileBlocks) await copy.write(block, files.release);
    await copy.end(last);
    copy = undefined;
    fileBlocks = [];
    fileBytes = 0;
  }

  return {
    rows,
    files,
    async flush() {
      if (rows.size() > FLUSH_AT) await packages().write(rows.take(), rows.release);
      if (files.size() > FLUSH_AT) keepFiles(files.take());
      if (fileBytes < TURN_AT) return;
      await endPackages();
      await sendFiles();
    },
    async end() {
      await endPackages();
      await sendFiles();
    },
    async abort(reason) {
      await copy?.abort(reason);
    },
  };
}
