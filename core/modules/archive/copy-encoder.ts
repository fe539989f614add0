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
  /** A bigint from the 16 hexadecimal digits of its two's complement. */
  hash(hexadecimal: string): void;
  text(value: string): void;
  /** Text that is UTF-8 already. */
  bytes(source: Buffer, start: number, end: number): void;
  textArray(values: readonly string[]): void;
  /** Bytes waiting to be taken. */
  size(): number;
  /** The rows so far, header included the first time. Nobody writes to these bytes again. */
  take(): Buffer;
  /** The last bytes of the stream: the rest and the trailer. */
  finish(): Buffer;
}

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
const HEADER_LENGTH = SIGNATURE.length + 8;
const TEXT_OID = 25;
const BLOCK = 256 * 1024;
const SHORT = 32;

export function createCopyEncoder(): CopyEncoder {
  let buffer = Buffer.allocUnsafeSlow(BLOCK);
  let at = HEADER_LENGTH;
  buffer.fill(0, 0, HEADER_LENGTH);
  SIGNATURE.copy(buffer);

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  // By hand, as for short texts below: a call of Buffer's methods costs more than the bytes.
  function int32(value: number): void {
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    at += 4;
  }

  function text(value: string): void {
    // UTF-8 takes at most three bytes for a unit of a JavaScript string.
    reserve(4 + value.length * 3);
    const written = buffer.write(value, at + 4);
    int32(written);
    at += written;
  }

  function take(): Buffer {
    const taken = buffer.subarray(0, at);
    buffer = Buffer.allocUnsafeSlow(BLOCK);
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
      int32(Math.floor(value / 2 ** 32));
      at = buffer.writeUInt32BE(value % 2 ** 32, at);
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
    hash(hexadecimal) {
      reserve(12);
      int32(8);
      at += buffer.write(hexadecimal, at, "hex");
    },
    text,
    bytes(source, start, end) {
      const length = end - start;
      reserve(4 + length);
      int32(length);
      if (length > SHORT) {
        source.copy(buffer, at, start, end);
        at += length;
      } else {
        for (let from = start; from < end; from++) buffer[at++] = source[from] ?? 0;
      }
    },
    textArray(values) {
      reserve(4 + 20);
      const lengthAt = at;
      at += 4;
      int32(values.length === 0 ? 0 : 1);
      int32(0);
      int32(TEXT_OID);
      if (values.length > 0) {
        int32(values.length);
        int32(1);
      }
      for (const value of values) text(value);
      buffer.writeInt32BE(at - lengthAt - 4, lengthAt);
    },
    size: () => at,
    take,
    finish() {
      reserve(2);
      at = buffer.writeInt16BE(-1, at);
      return take();
    },
  };
}
