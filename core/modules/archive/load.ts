import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { createStanzaScanner } from "../../debian/deb822.ts";
import type { IndexKind } from "../../debian/index-path.ts";
import { MEND_FILE, placeOf, type Stanza } from "../../debian/stanza.ts";
import { asError, OperatorError } from "../../errors.ts";
import { BINARY_ROW, binaryIdentity } from "./binary-row.ts";
import { type CopyEncoder, createCopyEncoder } from "./copy-encoder.ts";
import { type CopyStream, openCopy } from "./copy-stream.ts";
import { isCleanText, type RowShape, stanzaHash } from "./row.ts";
import {
  SOURCE_FILE_COLUMNS,
  SOURCE_FILE_TABLE,
  SOURCE_ROW,
  sourceIdentity,
  writeSourceFiles,
} from "./source-row.ts";

/** An index whose bytes are at hand. */
export interface LoadedIndex {
  /** Where it came from, for errors. */
  name: string;
  kind: IndexKind;
  indexId: number;
  /** Uncompressed. */
  content: AsyncIterable<Buffer>;
  /** What the Release lists of the uncompressed index. */
  expected: { size: number; sha256: string | undefined } | undefined;
}

export interface LoadOptions {
  client: ClientBase;
  /** Appended to the names of the tables: rows go to stages instead. */
  suffix: "" | "_stage";
  /** Ids of the stanzas that are stored, by their hash. Those that are found are taken out. */
  known: Map<string, number>;
  nextId(): number;
  /** Told after each chunk: its uncompressed bytes, and the stanzas that ended in it. */
  onRead(bytes: number, stanzas: number): void;
  signal: AbortSignal;
}

/** What an index held. */
export interface LoadResult {
  stanzas: number;
  /** Rows written: stanzas that were not known. */
  rows: number;
  /** Uncompressed bytes. */
  size: number;
}

const FLUSH_AT = 192 * 1024;

/**
 * Streams an index into the database: bytes, stanzas, rows in COPY format, the server. Only one
 * chunk and the rows of the chunk are in memory, besides the names seen and, for sources, the rows
 * of their files (one connection does one COPY at a time).
 *
 * @throws OperatorError for anything wrong with the index; the caller rolls back
 */
export async function loadIndex(index: LoadedIndex, options: LoadOptions): Promise<LoadResult> {
  const shape = index.kind === "source" ? SOURCE_ROW : BINARY_ROW;
  const rows = createCopyEncoder();
  const files = index.kind === "source" ? createCopyEncoder() : undefined;
  const columns = shape.columns.map((column) => column.name);
  const copy = openCopy(options.client, shape.table + options.suffix, columns);
  try {
    const fileRows: Buffer[] = [];
    const handler = createRowMaker(index, options, shape, rows, files);
    const scanned = await scanAll(index, options, shape, handler.stanza, async () => {
      if (rows.size() > FLUSH_AT) await copy.write(rows.take());
      if (files !== undefined && files.size() > FLUSH_AT) fileRows.push(files.take());
    });
    await copy.end(rows.finish());
    if (files !== undefined) await copyFiles([...fileRows, files.finish()], options);
    return { ...scanned, ...handler.counts() };
  } catch (thrown) {
    await copy.abort(asError(thrown));
    throw thrown;
  }
}

async function copyFiles(fileRows: Buffer[], options: LoadOptions): Promise<void> {
  const table = SOURCE_FILE_TABLE + options.suffix;
  const copy: CopyStream = openCopy(options.client, table, SOURCE_FILE_COLUMNS);
  const last = fileRows.pop();
  for (const bytes of fileRows) await copy.write(bytes);
  await copy.end(last ?? Buffer.alloc(0));
}

async function scanAll(
  index: LoadedIndex,
  options: LoadOptions,
  shape: RowShape,
  onStanza: (stanza: Stanza) => void,
  flush: () => Promise<void>,
): Promise<{ size: number }> {
  const { expected, name } = index;
  let stanzas = 0;
  const scanner = createStanzaScanner(name, shape.fields, (stanza) => {
    stanzas++;
    onStanza(stanza);
  });
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of index.content) {
    options.signal.throwIfAborted();
    size += chunk.length;
    // A small file may unpack to anything; what is not listed is not read.
    if (expected !== undefined && size > expected.size) throw wrong(name, "is larger");
    hash.update(chunk);
    scanner.write(chunk);
    options.onRead(chunk.length, stanzas);
    stanzas = 0;
    await flush();
  }
  const sha256 = hash.digest("hex");
  if (expected !== undefined) {
    if (size !== expected.size) throw wrong(name, "is smaller");
    if (expected.sha256 !== undefined && sha256 !== expected.sha256) throw wrong(name, "differs");
  }
  scanner.end();
  options.onRead(0, stanzas);
  return { size };
}

function wrong(name: string, how: "is larger" | "is smaller" | "differs"): OperatorError {
  return how === "differs"
    ? new OperatorError(
        "HASH_MISMATCH",
        `${name}, decompressed, is not what the Release lists: its SHA256 differs.`,
        "Nothing was stored. Whoever publishes this archive has to mend it.",
      )
    : new OperatorError(
        "SIZE_MISMATCH",
        `${name}, decompressed, ${how} than the Release says.`,
        "Nothing was stored. Whoever publishes this archive has to mend it.",
      );
}

function createRowMaker(
  index: LoadedIndex,
  options: LoadOptions,
  shape: RowShape,
  rows: CopyEncoder,
  files: CopyEncoder | undefined,
): { stanza: (stanza: Stanza) => void; counts: () => { stanzas: number; rows: number } } {
  const identify = index.kind === "source" ? sourceIdentity : binaryIdentity;
  const lines = new Map<string, number>();
  let stanzas = 0;
  let written = 0;
  return {
    stanza(stanza) {
      stanzas++;
      const identity = identify(stanza);
      refuseDuplicate(stanza, identity, lines);
      const hash = stanzaHash(stanza);
      if (options.known.delete(hash)) return;
      const facts = {
        ...identity,
        id: options.nextId(),
        indexId: index.indexId,
        stanzaHash: hash,
        utf8: isCleanText(stanza),
      };
      rows.row(shape.columns.length);
      for (const column of shape.columns) column.write(rows, stanza, facts);
      if (files !== undefined) writeSourceFiles(files, stanza, facts.id);
      written++;
    },
    counts: () => ({ stanzas, rows: written }),
  };
}

function refuseDuplicate(
  stanza: Stanza,
  identity: { name: string; version: string; architecture: string },
  lines: Map<string, number>,
): void {
  const key = `${identity.name} ${identity.version} ${identity.architecture}`;
  const first = lines.get(key);
  if (first === undefined) {
    lines.set(key, stanza.line);
    return;
  }
  throw new OperatorError(
    "DUPLICATE_PACKAGE",
    `${placeOf(stanza)}: the package ${key} stands here and on line ${first}.`,
    MEND_FILE,
  );
}
