import { crc32 } from "node:zlib";

/**
 * How the spool keeps a text: its length and its CRC-32, four bytes each, big end first, then the
 * text in UTF-8. A kill or a power cut may leave the last one torn; the checksum tells.
 */
const HEAD_BYTES = 8;
/** No event is longer; a length beyond it was never written by us. */
export const MAX_RECORD_BYTES = 1 << 21;

/** The record of a text. */
export function encodeRecord(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

export interface Decoded {
  /** With the offset behind each in the bytes given. */
  records: { text: string; end: number }[];
  /** What the bytes go on with: an incomplete record of this length, or what is none. */
  rest: { kind: "end" } | { kind: "incomplete"; bytes: number } | { kind: "damaged" };
}

/** Reads whole records from the start of the bytes, `limit` at most. */
export function decodeRecords(bytes: Buffer, limit: number): Decoded {
  const records: Decoded["records"] = [];
  let offset = 0;
  while (records.length < limit && offset < bytes.length) {
    if (bytes.length - offset < HEAD_BYTES) return incomplete(records, HEAD_BYTES);
    const length = bytes.readUInt32BE(offset);
    // Blocks that a power cut left unwritten read as zeros.
    if (length === 0 || length > MAX_RECORD_BYTES) return { records, rest: { kind: "damaged" } };
    const start = offset + HEAD_BYTES;
    if (start + length > bytes.length) return incomplete(records, HEAD_BYTES + length);
    const body = bytes.subarray(start, start + length);
    if (crc32(body) !== bytes.readUInt32BE(offset + 4)) {
      return { records, rest: { kind: "damaged" } };
    }
    offset = start + length;
    records.push({ text: body.toString("utf8"), end: offset });
  }
  return { records, rest: { kind: "end" } };
}

function incomplete(records: Decoded["records"], bytes: number): Decoded {
  return { records, rest: { kind: "incomplete", bytes } };
}
