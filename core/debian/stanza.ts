import { OperatorError } from "../errors.ts";
import type { FieldTable } from "./field-table.ts";

/**
 * One paragraph of a control file, as places in a buffer: nothing is copied until it is asked for.
 * The scanner fills the same object again and again, so what is needed later must be taken out
 * before the callback returns.
 */
export interface Stanza {
  /** The file, as named in errors. */
  file: string;
  /** Line of the file on which it begins, from 1. */
  line: number;
  buffer: Buffer;
  /** Its bytes, without the empty line that ends it. */
  start: number;
  end: number;
  table: FieldTable;
  /** Number of fields. Those at 0 to count-1 of the arrays below are in the order of the file. */
  count: number;
  nameStart: Int32Array;
  nameEnd: Int32Array;
  valueStart: Int32Array;
  valueEnd: Int32Array;
  /** Slot of each field in the table, or -1 for a field that the table does not name. */
  slot: Int32Array;
  /** By slot: the number of the field, or -1 when it is absent. */
  fieldOfSlot: Int32Array;
}

/**
 * The value of a wanted field as text, undefined when it is absent. Further lines keep their
 * leading space. Bytes that are no UTF-8 become U+FFFD.
 */
export function fieldText(stanza: Stanza, slot: number): string | undefined {
  const field = stanza.fieldOfSlot[slot] ?? -1;
  if (field < 0) return undefined;
  return textOf(stanza.buffer, stanza.valueStart[field] ?? 0, stanza.valueEnd[field] ?? 0);
}

/** As `fieldText`. @throws OperatorError when the field is missing or empty */
export function requiredText(stanza: Stanza, slot: number): string {
  const text = fieldText(stanza, slot);
  if (text !== undefined && text !== "") return text;
  const state = text === undefined ? "is missing" : "is empty";
  throw stanzaError(stanza, `the field ${stanza.table.names[slot] ?? ""} ${state}`, slot);
}

/** All fields, by their names in lower case, with values as `fieldText` gives them. */
export function allFields(stanza: Stanza): Map<string, string> {
  const fields = new Map<string, string>();
  for (let field = 0; field < stanza.count; field++) {
    fields.set(
      nameOf(stanza, field).toLowerCase(),
      textOf(stanza.buffer, stanza.valueStart[field] ?? 0, stanza.valueEnd[field] ?? 0),
    );
  }
  return fields;
}

/** The name of a field as it is written. */
export function nameOf(stanza: Stanza, field: number): string {
  return stanza.buffer.toString("latin1", stanza.nameStart[field], stanza.nameEnd[field]);
}

/** The line of the file on which a wanted field stands; of the stanza when it is absent. */
export function lineOfSlot(stanza: Stanza, slot: number): number {
  const field = stanza.fieldOfSlot[slot] ?? -1;
  if (field < 0) return stanza.line;
  let line = stanza.line;
  const until = stanza.nameStart[field] ?? 0;
  for (let at = stanza.start; at < until; at++) if (stanza.buffer[at] === 0x0a) line++;
  return line;
}

/** What is wrong with a stanza, said with file and line (of the field in `slot`, when given). */
export function stanzaError(stanza: Stanza, fault: string, slot?: number): OperatorError {
  return new OperatorError("MALFORMED_STANZA", `${placeOf(stanza, slot)}: ${fault}.`, MEND_FILE);
}

/** The error for a fault in a control file. */
export function malformed(file: string, line: number, fault: string): OperatorError {
  return new OperatorError("MALFORMED_STANZA", `${file}, line ${line}: ${fault}.`, MEND_FILE);
}

/** What remains to be done about a faulty control file. */
export const MEND_FILE = "Nothing of it was stored. Whoever publishes this file has to mend it.";

/** Where a stanza, or a wanted field of it, stands: `FILE, line 7`. */
export function placeOf(stanza: Stanza, slot?: number): string {
  return `${stanza.file}, line ${slot === undefined ? stanza.line : lineOfSlot(stanza, slot)}`;
}

function textOf(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString("latin1", start, end);
  // Nearly all values are ASCII, for which latin1 is right and several times faster.
  return /[\u0080-\u00ff]/.test(text) ? buffer.toString("utf8", start, end) : text;
}
