import { OperatorError } from "../errors.ts";

/** A document of a YAML stream and the line of the file on which its text begins, from 1. */
export interface YamlDocument {
  bytes: Buffer;
  line: number;
}

/** What is larger is no document of an archive but would fill the memory. */
const LARGEST = 8 * 1024 * 1024;
const NEWLINE = 0x0a;
const MARK = Buffer.from("---");

/**
 * Splits a YAML stream at its `---` lines, so that one document is in memory at a time. Empty
 * documents are left out.
 *
 * @param file its name in errors
 * @throws OperatorError `MALFORMED_YAML` for a document of more than 8 MiB
 */
export async function* yamlDocuments(
  file: string,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<YamlDocument> {
  let rest: Buffer = Buffer.alloc(0);
  /** Everything before it is known to hold no mark. */
  let searched = 0;
  let line = 1;
  for await (const chunk of content) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (;;) {
      const mark = findMark(rest, Math.max(start, searched));
      if (mark < 0) break;
      const bytes = rest.subarray(start, mark);
      if (hasText(bytes)) yield { bytes, line };
      const end = rest.indexOf(NEWLINE, mark) + 1;
      line += countLines(rest, start, end);
      start = end;
      searched = end;
    }
    rest = rest.subarray(start);
    // The last bytes may be the beginning of a mark.
    searched = Math.max(0, rest.length - MARK.length - 2);
    if (rest.length > LARGEST) {
      throw new OperatorError(
        "MALFORMED_YAML",
        `${file}, line ${line}: a document is larger than 8 MiB.`,
        "Nothing of it was stored. Whoever publishes this file has to mend it.",
      );
    }
  }
  if (hasText(rest)) yield { bytes: rest, line };
}

/** Where a whole line `---` begins, or -1. */
function findMark(buffer: Buffer, from: number): number {
  for (let at = buffer.indexOf(MARK, from); at >= 0; at = buffer.indexOf(MARK, at + 1)) {
    const before = at === 0 || buffer[at - 1] === NEWLINE;
    const newline = buffer.indexOf(NEWLINE, at);
    if (newline < 0) return -1;
    const tail = buffer.toString("latin1", at + MARK.length, Math.min(newline, at + 16));
    if (before && tail.trim() === "") return at;
  }
  return -1;
}

function hasText(bytes: Buffer): boolean {
  return bytes.some((byte) => byte > 0x20);
}

function countLines(buffer: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = buffer.indexOf(NEWLINE, start); at >= 0 && at < end; lines++) {
    at = buffer.indexOf(NEWLINE, at + 1);
  }
  return lines;
}
