import { createLineCounter } from "./count-lines.ts";
import { addToHash, type FieldTable, fieldTable, sameName, slotOf } from "./field-table.ts";
import { allFields, malformed, type Stanza } from "./stanza.ts";

/** Reads a stream of chunks; stanzas may lie across their borders. */
export interface StanzaScanner {
  write(chunk: Buffer): void;
  /** Says that the file ends, with or without a last empty line. */
  end(): void;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
/** A stanza beyond this is no package but an attack or a broken file; it would fill the memory. */
const LARGEST_STANZA = 16 * 1024 * 1024;
const MOST_FIELDS = 1024;
const EMPTY = Buffer.alloc(0);
const STANZA_END = Buffer.from("\n\n");

/**
 * Scans control data (Policy 5.1, deb822(5)) for stanzas, over bytes and without a string per
 * line: the first byte of a line decides what it is. Lines may end in CR LF; a line of blanks only
 * belongs to the field before it, as in apt.
 *
 * @param file      its name in errors
 * @param table     fields that get a slot
 * @param onStanza  called for each; may throw, which ends the scan
 * @param isKnown   asked for the bytes of each stanza before they are looked at; where it says yes
 *   they are passed over, and not scanned at all
 * @throws OperatorError `MALFORMED_STANZA` with file and line: a line that is neither a field nor
 *   a continuation, a NUL byte, a field given twice, or far too much of anything
 */
export function createStanzaScanner(
  file: string,
  table: FieldTable,
  onStanza: (stanza: Stanza) => void,
  isKnown?: (buffer: Buffer, start: number, end: number) => boolean,
): StanzaScanner {
  const stanza = emptyStanza(file, table);
  /**
   * Holds what came and is not yet scanned to its end, the beginning of one stanza, from `start` to
   * `used`. The same memory again and again: new buffers for each chunk would pile up until the
   * garbage collector hears of them.
   */
  let buffer: Buffer = EMPTY;
  let start = 0;
  let used = 0;
  let line = 1;

  function add(chunk: Buffer): void {
    buffer.copyWithin(0, start, used);
    used -= start;
    start = 0;
    if (used + chunk.length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow((used + chunk.length) * 2);
      buffer.copy(larger, 0, 0, used);
      buffer = larger;
    }
    chunk.copy(buffer, used);
    used += chunk.length;
  }

  /** Scans whole stanzas; returns the place where the first unfinished one begins. */
  function scan(bytes: Buffer): number {
    let stanzaStart = 0;
    let stanzaLine = line;
    let at = 0;
    let lineNumber = line;
    stanza.buffer = bytes;
    const countLines = createLineCounter(bytes);
    beginStanza(stanza);
    for (;;) {
      if (isKnown !== undefined && at === stanzaStart) {
        const last = bytes.indexOf(STANZA_END, at);
        if (last < 0) break;
        if (isKnown(bytes, at, last + 1)) {
          lineNumber += countLines(at, last + 2);
          stanzaLine = lineNumber;
          at = last + 2;
          stanzaStart = at;
          continue;
        }
      }
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline < 0) break;
      const first = bytes[at] ?? 0;
      const blank = newline === at || (first === CARRIAGE_RETURN && newline === at + 1);
      if (blank) {
        if (stanza.count > 0) {
          finishStanza(stanza, stanzaStart, at, stanzaLine);
          onStanza(stanza);
          beginStanza(stanza);
        }
        stanzaStart = newline + 1;
        stanzaLine = lineNumber + 1;
      } else if (first === SPACE || first === TAB) {
        if (stanza.count === 0) {
          throw malformed(file, lineNumber, "a continuation line stands before any field");
        }
        stanza.valueEnd[stanza.count - 1] = newline;
      } else {
        addField(stanza, at, newline, lineNumber);
      }
      at = newline + 1;
      lineNumber++;
    }
    line = stanzaLine;
    return stanzaStart;
  }

  return {
    write(chunk) {
      add(chunk);
      const bytes = buffer.subarray(0, used);
      refuseNul(bytes, file, line);
      start = scan(bytes);
      if (used - start > LARGEST_STANZA) {
        throw malformed(file, line, "a stanza is larger than 16 MiB");
      }
    },
    end() {
      if (used === start) return;
      add(STANZA_END);
      start = scan(buffer.subarray(0, used));
    },
  };
}

/** Policy 5.1 wants text; PostgreSQL has no way to keep the byte. */
function refuseNul(buffer: Buffer, file: string, firstLine: number): void {
  const nul = buffer.indexOf(0);
  if (nul < 0) return;
  throw malformed(file, firstLine + createLineCounter(buffer)(0, nul), "there is a NUL byte");
}

/**
 * The stanzas of a short text, such as a Release file.
 *
 * @returns one map per stanza, names in lower case
 * @throws OperatorError as `createStanzaScanner`
 */
export function parseStanzas(text: string | Buffer, file: string): Map<string, string>[] {
  const stanzas: Map<string, string>[] = [];
  const scanner = createStanzaScanner(file, NO_FIELDS, (stanza) => stanzas.push(allFields(stanza)));
  scanner.write(typeof text === "string" ? Buffer.from(text) : text);
  scanner.end();
  return stanzas;
}

const NO_FIELDS = fieldTable([]);

function emptyStanza(file: string, table: FieldTable): Stanza {
  return {
    file,
    line: 1,
    buffer: EMPTY,
    start: 0,
    end: 0,
    table,
    count: 0,
    nameStart: new Int32Array(MOST_FIELDS),
    nameEnd: new Int32Array(MOST_FIELDS),
    valueStart: new Int32Array(MOST_FIELDS),
    valueEnd: new Int32Array(MOST_FIELDS),
    slot: new Int32Array(MOST_FIELDS),
    fieldOfSlot: new Int32Array(table.names.length),
  };
}

function beginStanza(stanza: Stanza): void {
  stanza.count = 0;
  stanza.fieldOfSlot.fill(-1);
}

function finishStanza(stanza: Stanza, start: number, end: number, line: number): void {
  stanza.start = start;
  stanza.end = end;
  stanza.line = line;
  const { buffer, valueStart, valueEnd } = stanza;
  for (let field = 0; field < stanza.count; field++) {
    let last = valueEnd[field] ?? 0;
    const first = valueStart[field] ?? 0;
    while (last > first && isBlank(buffer[last - 1] ?? 0)) last--;
    valueEnd[field] = last;
  }
}

function addField(stanza: Stanza, start: number, newline: number, line: number): void {
  const { buffer } = stanza;
  let colon = start;
  let hash = 0;
  for (; colon < newline; colon++) {
    const byte = buffer[colon] ?? 0;
    if (byte === COLON) break;
    // Policy 5.1: printable ASCII without space and colon.
    if (byte <= SPACE || byte > 0x7e) throw notAField(stanza.file, line);
    hash = addToHash(hash, byte);
  }
  const first = buffer[start];
  if (colon === newline || colon === start || first === 0x23 || first === 0x2d) {
    throw notAField(stanza.file, line);
  }
  const field = stanza.count;
  if (field === MOST_FIELDS) throw malformed(stanza.file, line, "a stanza has too many fields");
  const slot = slotOf(stanza.table, buffer, start, colon, hash);
  if (slot >= 0 ? stanza.fieldOfSlot[slot] !== -1 : isRepeated(stanza, start, colon)) {
    const name = buffer.toString("latin1", start, colon);
    throw malformed(stanza.file, line, `the field ${name} stands twice in one stanza`);
  }
  let value = colon + 1;
  while (buffer[value] === SPACE || buffer[value] === TAB) value++;
  stanza.nameStart[field] = start;
  stanza.nameEnd[field] = colon;
  stanza.valueStart[field] = value;
  stanza.valueEnd[field] = newline;
  stanza.slot[field] = slot;
  if (slot >= 0) stanza.fieldOfSlot[slot] = field;
  stanza.count = field + 1;
}

function isRepeated(stanza: Stanza, start: number, end: number): boolean {
  const { buffer, nameStart, nameEnd, slot } = stanza;
  for (let field = 0; field < stanza.count; field++) {
    if (slot[field] !== -1) continue;
    const other = nameStart[field] ?? 0;
    if (sameName(buffer, other, nameEnd[field] ?? 0, buffer, start, end)) return true;
  }
  return false;
}

function notAField(file: string, line: number): Error {
  return malformed(file, line, "this is neither a field (Name: value) nor a continuation line");
}

function isBlank(byte: number): boolean {
  return byte === NEWLINE || byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN;
}
