import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { createStanzaScanner } from "../../debian/deb822.ts";
import type { IndexKind } from "../../debian/index-path.ts";
import { asError, OperatorError } from "../../errors.ts";
import type { KnownStanzas } from "./known-stanzas.ts";
import { createPackageWriter, type PackageWriter } from "./package-writer.ts";
import { createRowMaker, type RowMaker, rowShape } from "./row-maker.ts";

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
  known: KnownStanzas;
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
  /** Whether their names were in order, and so none stood twice. */
  inOrder: boolean;
  /** Uncompressed bytes. */
  size: number;
}

/**
 * Streams an index into the database: bytes, stanzas, rows in COPY format, the server. Only a
 * few chunks and their rows are in memory.
 *
 * @throws OperatorError for anything wrong with the index; the caller rolls back
 */
export async function loadIndex(index: LoadedIndex, options: LoadOptions): Promise<LoadResult> {
  const { kind, indexId } = index;
  const { client, known, nextId, suffix } = options;
  const writer = createPackageWriter(client, kind, suffix);
  const { files, rows } = writer;
  const maker = createRowMaker({ kind, indexId, known, nextId, files, rows });
  try {
    const scanned = await scanAll(index, options, maker, writer);
    await writer.end();
    return { ...scanned, ...maker.counts() };
  } catch (thrown) {
    await writer.abort(asError(thrown));
    throw thrown;
  }
}

async function scanAll(
  { content, expected, kind, name }: LoadedIndex,
  { known, onRead, signal }: LoadOptions,
  maker: RowMaker,
  writer: PackageWriter,
): Promise<{ size: number }> {
  const { fields } = rowShape(kind);
  const isKnown = known.size() === 0 ? undefined : maker.isKnown;
  const scanner = createStanzaScanner(name, fields, maker.stanza, isKnown);
  const hash = createHash("sha256");
  let size = 0;
  let told = 0;
  function tell(bytes: number): void {
    const { stanzas } = maker.counts();
    onRead(bytes, stanzas - told);
    told = stanzas;
  }
  for await (const chunk of content) {
    signal.throwIfAborted();
    size += chunk.length;
    // A small file may unpack to anything; what is not listed is not read.
    if (expected !== undefined && size > expected.size) throw wrongContent(name, "is larger");
    hash.update(chunk);
    scanner.write(chunk);
    tell(chunk.length);
    await writer.flush();
  }
  const sha256 = hash.digest("hex");
  if (expected !== undefined) {
    if (size !== expected.size) throw wrongContent(name, "is smaller");
    if (expected.sha256 !== undefined && sha256 !== expected.sha256)
      throw wrongContent(name, "differs");
  }
  scanner.end();
  tell(0);
  return { size };
}

/** What is wrong with uncompressed bytes that are not those the Release lists. */
export function wrongContent(
  name: string,
  how: "is larger" | "is smaller" | "differs",
): OperatorError {
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
