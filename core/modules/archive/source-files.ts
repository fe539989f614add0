import { type Stanza, stanzaError } from "../../debian/stanza.ts";
import type { CopyEncoder } from "../../database/copy-encoder.ts";
import { wholeNumber } from "./row.ts";

export const SOURCE_FILE_TABLE = "source_file";
/** The lists of a source's files, in the order of the hash columns below. */
export const FILE_LISTS = ["Files", "Checksums-Sha1", "Checksums-Sha256", "Checksums-Sha512"];
export const SOURCE_FILE_COLUMNS = [
  "source_id",
  "name",
  "size",
  "md5sum",
  "sha1",
  "sha256",
  "sha512",
];

/** Places in the stanza's buffer of what the lists say about one file. */
interface File {
  nameStart: number;
  nameEnd: number;
  size: number;
  /** By list; -1 where the list does not name the file. */
  hashStart: number[];
  hashEnd: number[];
}

/**
 * Writes a row of source_file for each file of a stanza, joined from its lists of
 * `hash size name` lines (Policy 5.6.21, 5.6.24). Reads bytes, for there are three times as many
 * files as sources, and each stands in three lists.
 */
export interface SourceFileWriter {
  /**
   * @param utf8 whether the stanza's bytes are valid text
   * @throws OperatorError when a line cannot be read, or two lists contradict each other
   */
  write(encoder: CopyEncoder, stanza: Stanza, sourceId: number, utf8: boolean): void;
}

const NEWLINE = 0x0a;
const SLASH = 0x2f;
const DOT = 0x2e;

/** @param slots of `FILE_LISTS` in the stanzas' table */
export function createSourceFileWriter(slots: readonly number[]): SourceFileWriter {
  /** Filled anew for each stanza; only the first `count` mean something. */
  const files: File[] = [];
  let count = 0;

  function readList(stanza: Stanza, list: number): void {
    const slot = slots[list] ?? -1;
    const field = stanza.fieldOfSlot[slot] ?? -1;
    if (field < 0) return;
    const { buffer, valueEnd, valueStart } = stanza;
    const end = valueEnd[field] ?? 0;
    let at = valueStart[field] ?? 0;
    let next = 0;
    while (at < end) {
      let newline = at;
      while (newline < end && buffer[newline] !== NEWLINE) newline++;
      if (readLine(stanza, list, at, newline, next)) next++;
      at = newline + 1;
    }
  }

  /** False for a line of blanks only. */
  function readLine(
    stanza: Stanza,
    list: number,
    start: number,
    end: number,
    next: number,
  ): boolean {
    const { buffer } = stanza;
    const hashStart = skipBlanks(buffer, start, end);
    if (hashStart === end) return false;
    const hashEnd = skipWord(buffer, hashStart, end);
    const sizeStart = skipBlanks(buffer, hashEnd, end);
    const sizeEnd = skipWord(buffer, sizeStart, end);
    const nameStart = skipBlanks(buffer, sizeEnd, end);
    const nameEnd = skipWord(buffer, nameStart, end);
    const size = wholeNumber(buffer, sizeStart, sizeEnd);
    const more = skipBlanks(buffer, nameEnd, end) < end;
    const slot = slots[list] ?? -1;
    if (size < 0 || more || !isFileName(buffer, nameStart, nameEnd)) {
      const line = buffer.toString("utf8", start, end).trim();
      throw stanzaError(stanza, `the file list has a bad line "${line}"`, slot);
    }
    const file = fileNamed(buffer, nameStart, nameEnd, next) ?? addFile(nameStart, nameEnd, size);
    if (file.size !== size || file.hashStart[list] !== -1) {
      const name = buffer.toString("utf8", nameStart, nameEnd);
      throw stanzaError(stanza, `the file lists contradict each other about ${name}`, slot);
    }
    file.hashStart[list] = hashStart;
    file.hashEnd[list] = hashEnd;
    return true;
  }

  /** Lists name the files in the same order, so that the next one is nearly always meant. */
  function fileNamed(buffer: Buffer, start: number, end: number, next: number): File | undefined {
    for (let tried = 0; tried < count; tried++) {
      const file = files[(next + tried) % count];
      if (file !== undefined && sameBytes(buffer, file.nameStart, file.nameEnd, start, end)) {
        return file;
      }
    }
    return undefined;
  }

  function addFile(nameStart: number, nameEnd: number, size: number): File {
    let file = files[count];
    if (file === undefined) {
      file = { nameStart, nameEnd, size, hashStart: [], hashEnd: [] };
      files.push(file);
    }
    count++;
    file.nameStart = nameStart;
    file.nameEnd = nameEnd;
    file.size = size;
    for (let list = 0; list < slots.length; list++) file.hashStart[list] = -1;
    return file;
  }

  return {
    write(encoder, stanza, sourceId, utf8) {
      count = 0;
      for (let list = 0; list < slots.length; list++) readList(stanza, list);
      const { buffer } = stanza;
      const text = (start: number, end: number): void => {
        if (utf8) encoder.bytes(buffer, start, end);
        else encoder.text(buffer.toString("utf8", start, end));
      };
      for (let place = 0; place < count; place++) {
        const file = files[place];
        if (file === undefined) break;
        encoder.row(SOURCE_FILE_COLUMNS.length);
        encoder.bigint(sourceId);
        text(file.nameStart, file.nameEnd);
        encoder.bigint(file.size);
        for (let list = 0; list < slots.length; list++) {
          const start = file.hashStart[list] ?? -1;
          if (start < 0) encoder.null();
          else text(start, file.hashEnd[list] ?? start);
        }
      }
    },
  };
}

/** A name that stays in the folder it is put into. */
function isFileName(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (buffer[at] === SLASH) return false;
  const dots = end - start <= 2 && buffer[start] === DOT && buffer[end - 1] === DOT;
  return end > start && !dots;
}

function sameBytes(
  buffer: Buffer,
  startA: number,
  endA: number,
  startB: number,
  endB: number,
): boolean {
  if (endA - startA !== endB - startB) return false;
  for (let offset = 0; offset < endA - startA; offset++) {
    if (buffer[startA + offset] !== buffer[startB + offset]) return false;
  }
  return true;
}

function skipBlanks(buffer: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(buffer[at] ?? 0)) at++;
  return at;
}

function skipWord(buffer: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && !isBlank(buffer[at] ?? 0)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
