/**
 * Rows in PostgreSQL's binary COPY format (https://www.postgresql.org/docs/current/sql-copy.html,
 * "Binary Format"), written straight into buffers: bytes of an index go from the chunk they came
 * in to the server without a string between.
 */
export interface CopyEncoder {
  /** Begins a row of so many columns; exactly that many values must follow. */
  row(columns: number): void;
  null(): void;
  /** A whole number, exact up to 2^53. */
  bigint(value: number): void;
  integer(value: number): void;
  smallint(value: number): void;
  boolean(value: boolean): void;
  /** From its 36 characters. */
  uuid(text: string): void;
  /** A timestamptz, to the millisecond. */
  time(value: Date): void;
  /** A jsonb from its text in UTF-8. */
  json(source: Buffer): void;
  /** A bigint from the eight bytes of its two's complement, one a character (latin1). */
  hash(bytes: string): void;
  text(value: string): void;
  /** Text that is UTF-8 already. */
  bytes(source: Buffer, start: number, end: number): void;
  /** Begins a text that is put together of pieces. */
  beginText(): void;
  /** A piece that is UTF-8 already. */
  piece(source: Buffer, start: number, end: number): void;
  endText(): void;
  /** Begins an array of so many texts; exactly that many must follow. */
  beginTextArray(count: number): void;
  endTextArray(): void;
  /** Bytes waiting to be taken. */
  size(): number;
  /** True while the stream has no row yet. */
  empty(): boolean;
  /** The rows so far, header included the first time. Hand the block back with `release`. */
  take(): Buffer;
  /** Says that nobody reads a block any more, so that it can be filled again. */
  release(block: Buffer): void;
  /** The last bytes of the stream: the rest and the trailer. Rows that follow begin another. */
  finish(): Buffer;
}

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
const HEADER_LENGTH = SIGNATURE.length + 8;
const TEXT_OID = 25;
/** Where PostgreSQL's time begins: 2000-01-01, counted in microseconds. */
const EPOCH_MS = 946_684_800_000;
/** The only version of jsonb's binary form: a byte before the text. */
const JSONB_VERSION = 1;
const BLOCK = 256 * 1024;
/** Up to here a loop is faster than a call into Buffer's native methods. */
const SHORT = 96;

export function createCopyEncoder(): CopyEncoder {
  /** Blocks to fill again: new ones would cost as much as filling them. */
  const spare: Buffer[] = [];
  let buffer: Buffer = Buffer.allocUnsafeSlow(BLOCK);
  let at = putHeader(buffer);
  let fresh = true;
  /** Where the length of the unfinished text and array stand. */
  let textAt = 0;
  let arrayAt = 0;

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  function int32(value: number): void {
    putInt32(buffer, at, value);
    at += 4;
  }

  /** Two halves, since a JavaScript number has 53 bits of it. */
  function int64(value: number): void {
    int32(Math.floor(value / 2 ** 32));
    int32(value % 2 ** 32);
  }

  function copy(source: Buffer, start: number, end: number): void {
    const length = end - start;
    reserve(length);
    if (length > SHORT) {
      source.copy(buffer, at, start, end);
    } else {
      const target = buffer;
      let to = at;
      for (let from = start; from < end; from++) target[to++] = source[from] ?? 0;
    }
    at += length;
  }

  /** True when the text was short and ASCII, and is written. */
  function shortText(value: string): boolean {
    const { length } = value;
    if (length > SHORT) return false;
    reserve(4 + length);
    const target = buffer;
    let to = at + 4;
    for (let place = 0; place < length; place++) {
      const code = value.charCodeAt(place);
      if (code > 0x7f) return false;
      target[to++] = code;
    }
    int32(length);
    at = to;
    return true;
  }

  function take(): Buffer {
    const taken = buffer.subarray(0, at);
    fresh = false;
    buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
    at = 0;
    return taken;
  }

  return {
    row(columns) {
      reserve(2);
      at = buffer.writeInt16BE(columns, at);
    },
    null() {
      reserve(4);
      int32(-1);
    },
    bigint(value) {
      reserve(12);
      int32(8);
      int64(value);
    },
    integer(value) {
      reserve(8);
      int32(4);
      int32(value);
    },
    smallint(value) {
      reserve(6);
      int32(2);
      at = buffer.writeInt16BE(value, at);
    },
    boolean(value) {
      reserve(5);
      int32(1);
      buffer[at++] = value ? 1 : 0;
    },
    uuid(text) {
      reserve(20);
      int32(16);
      at += buffer.write(text.replaceAll("-", ""), at, "hex");
    },
    time(value) {
      reserve(12);
      int32(8);
      int64((value.getTime() - EPOCH_MS) * 1_000);
    },
    json(source) {
      reserve(5);
      int32(source.length + 1);
      buffer[at++] = JSONB_VERSION;
      copy(source, 0, source.length);
    },
    hash(bytes) {
      reserve(12);
      int32(8);
      for (let place = 0; place < 8; place++) buffer[at++] = bytes.charCodeAt(place);
    },
    text(value) {
      if (shortText(value)) return;
      // UTF-8 takes at most three bytes for a unit of a JavaScript string.
      reserve(4 + value.length * 3);
      const written = buffer.write(value, at + 4);
      int32(written);
      at += written;
    },
    bytes(source, start, end) {
      reserve(4);
      int32(end - start);
      copy(source, start, end);
    },
    beginText() {
      reserve(4);
      textAt = at;
      at += 4;
    },
    piece: copy,
    endText() {
      putInt32(buffer, textAt, at - textAt - 4);
    },
    beginTextArray(count) {
      reserve(24);
      arrayAt = at;
      at += 4;
      int32(count === 0 ? 0 : 1);
      int32(0);
      int32(TEXT_OID);
      if (count === 0) return;
      int32(count);
      int32(1);
    },
    endTextArray() {
      putInt32(buffer, arrayAt, at - arrayAt - 4);
    },
    size: () => at,
    empty: () => fresh && at === HEADER_LENGTH,
    take,
    release(block) {
      if (block.buffer.byteLength === BLOCK) spare.push(Buffer.from(block.buffer));
    },
    finish() {
      reserve(2);
      at = buffer.writeInt16BE(-1, at);
      const last = take();
      at = putHeader(buffer);
      fresh = true;
      return last;
    },
  };
}

/** The whole stream of rows that were made without one. */
export function copyOfRows(rows: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  putHeader(header);
  return Buffer.concat([header, ...rows, Buffer.from([0xff, 0xff])]);
}

/** @returns where rows begin */
function putHeader(block: Buffer): number {
  SIGNATURE.copy(block);
  block.fill(0, SIGNATURE.length, HEADER_LENGTH);
  return HEADER_LENGTH;
}

/** By hand: a call of Buffer's methods costs more than four bytes. */
function putInt32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
