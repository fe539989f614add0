import { createCopyEncoder } from "../database/copy-encoder.ts";
import type { PreparedEvent } from "./published.ts";
import type { VerifiedEvent } from "./verify.ts";

/**
 * Events made ready in another thread: as rows for the journal, and in the form in which they are
 * published. Bytes one behind the other, which change hands between threads without being copied.
 */
export interface EventRows {
  uuids: string[];
  /** Bytes of each text. */
  sizes: number[];
  /** Rows of `EVENT_COLUMNS` in the binary form of COPY, and where each ends. */
  rows: Uint8Array;
  ends: number[];
  tags: string[];
  /** Each published text before and behind its number; nothing where it has to be written anew. */
  texts: Uint8Array;
  /** Where each of these pieces ends, two for each event. */
  textEnds: number[];
}

/** What rows hold, in this order; the id, which is given when they are stored, is the first. */
export const EVENT_COLUMNS = ["id", "uuid", "tag", "time", "signer", "origin", "body", "data"];
/** Where in a row its id stands: behind the number of columns and the length of an id. */
const ID_AT = 2 + 4;

/** Gathers events as rows. */
export interface RowMaker {
  /** @param prepared as it is published, when that is known already */
  add(event: VerifiedEvent, prepared: PreparedEvent | undefined): void;
  /** What was added; the next batch begins. */
  take(): EventRows;
}

/** Makes rows of events that were submitted to Lighthouse. */
export function createRowMaker(): RowMaker {
  const encoder = createCopyEncoder();
  // Rows only: the header is written once for many batches.
  encoder.release(encoder.take());
  let batch = emptyRows();
  let texts: Buffer[] = [];
  let textsEnd = 0;

  function addText(text: Buffer | undefined): void {
    if (text !== undefined) texts.push(text);
    batch.textEnds.push((textsEnd += text?.length ?? 0));
  }

  return {
    add(event, prepared) {
      const { body, data, signer, tag, time, uuid } = event;
      encoder.row(EVENT_COLUMNS.length);
      encoder.bigint(0);
      encoder.uuid(uuid);
      encoder.text(tag);
      encoder.time(time);
      if (signer === null) encoder.null();
      else encoder.text(signer);
      encoder.text("submitted");
      encoder.bytes(body, 0, body.length);
      encoder.json(data);
      batch.uuids.push(uuid);
      batch.sizes.push(body.length);
      batch.ends.push(encoder.size());
      batch.tags.push(tag);
      addText(prepared?.before);
      addText(prepared?.after);
    },
    take() {
      const block = encoder.take();
      const taken = { ...batch, rows: new Uint8Array(block), texts: joined(texts, textsEnd) };
      encoder.release(block);
      batch = emptyRows();
      texts = [];
      textsEnd = 0;
      return taken;
    },
  };
}

/** The row of one, its id set in. */
export function rowWithId({ ends, rows }: EventRows, index: number, id: number): Uint8Array {
  const row = rows.subarray(ends[index - 1] ?? 0, ends[index]);
  const view = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  view.writeUInt32BE(Math.floor(id / 2 ** 32), ID_AT);
  view.writeUInt32BE(id % 2 ** 32, ID_AT + 4);
  return row;
}

/** One of several, apart from the others. */
export function rowOf(events: EventRows, index: number): EventRows {
  const [start, end] = [events.ends[index - 1] ?? 0, events.ends[index] ?? 0];
  return {
    uuids: events.uuids.slice(index, index + 1),
    sizes: events.sizes.slice(index, index + 1),
    rows: events.rows.subarray(start, end),
    ends: [end - start],
    tags: events.tags.slice(index, index + 1),
    texts: new Uint8Array(),
    textEnds: [0, 0],
  };
}

/** The published form of one, with its number; undefined when it was not prepared. */
export function numberedText(
  { texts, textEnds }: EventRows,
  index: number,
  sequence: number,
): Buffer | undefined {
  const start = textEnds[index * 2 - 1] ?? 0;
  const middle = textEnds[index * 2] ?? 0;
  const end = textEnds[index * 2 + 1] ?? 0;
  if (start === end) return undefined;
  const number = String(sequence);
  const text = Buffer.allocUnsafe(end - start + number.length);
  text.set(texts.subarray(start, middle));
  text.write(number, middle - start, "latin1");
  text.set(texts.subarray(middle, end), middle - start + number.length);
  return text;
}

function emptyRows(): Omit<EventRows, "rows" | "texts"> {
  return { uuids: [], sizes: [], ends: [], tags: [], textEnds: [] };
}

/** A buffer of its own, so that it can be handed to another thread. */
function joined(pieces: readonly Buffer[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
