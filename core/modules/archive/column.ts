import { type FieldTable, fieldTable } from "../../debian/field-table.ts";
import { fieldText, type Stanza } from "../../debian/stanza.ts";
import type { CopyEncoder } from "../../database/copy-encoder.ts";
import { emptyElements, findElements, type Separator, splitList } from "./list-elements.ts";
import { NOT_A_NUMBER, type RowFacts, wholeNumber } from "./row.ts";

/** A column and how its value comes from a stanza. */
export interface Column {
  name: string;
  write(encoder: CopyEncoder, stanza: Stanza, facts: RowFacts): void;
}

/** A table filled from stanzas. */
export interface RowShape {
  table: string;
  columns: readonly Column[];
  fields: FieldTable;
}

/** Collects the fields that columns are made of. */
export interface ShapeMaker {
  slot(field: string): number;
  text(name: string, field: string): Column;
  firstLine(name: string, field: string): Column;
  furtherLines(name: string, field: string): Column;
  list(name: string, field: string, separator: Separator): Column;
  yes(name: string, field: string): Column;
  number(name: string, field: string, kind?: "bigint" | "smallint"): Column;
  shape(table: string, columns: Column[]): RowShape;
}

const NEWLINE = Buffer.from("\n");
const YES = Buffer.from("yes");

export function createShapeMaker(): ShapeMaker {
  const names: string[] = [];
  function slot(field: string): number {
    const known = names.indexOf(field);
    return known >= 0 ? known : names.push(field) - 1;
  }
  return {
    slot,
    text: (name, field) => textColumn(name, slot(field), "all"),
    firstLine: (name, field) => textColumn(name, slot(field), "first"),
    furtherLines: (name, field) => textColumn(name, slot(field), "further"),
    list: (name, field, separator) => listColumn(name, slot(field), separator),
    yes: (name, field) => yesColumn(name, slot(field)),
    number: (name, field, kind = "bigint") => numberColumn(name, slot(field), kind),
    shape: (table, columns) => ({ table, columns, fields: fieldTable(names) }),
  };
}

/** The columns that packages of both kinds begin with. */
export const COMMON_COLUMNS: readonly Column[] = [
  { name: "id", write: (encoder, _, facts) => encoder.bigint(facts.id) },
  { name: "index_id", write: (encoder, _, facts) => encoder.integer(facts.indexId) },
  { name: "stanza_hash", write: (encoder, _, facts) => encoder.hash(facts.stanzaHash) },
  { name: "name", write: (encoder, _, facts) => encoder.text(facts.name) },
  { name: "version", write: (encoder, _, facts) => encoder.text(facts.version) },
  { name: "version_key", write: (encoder, _, facts) => encoder.text(facts.versionKey) },
];

/** Fields that no column took, as they are written. */
export const EXTRA_COLUMN: Column = {
  name: "extra",
  write(encoder, stanza, facts) {
    if (!facts.utf8) return extraText(encoder, stanza);
    const { buffer, count, nameStart, slot, valueEnd } = stanza;
    let pieces = 0;
    for (let field = 0; field < count; field++) {
      if (slot[field] !== -1) continue;
      if (pieces++ === 0) encoder.beginText();
      else encoder.piece(NEWLINE, 0, 1);
      encoder.piece(buffer, nameStart[field] ?? 0, valueEnd[field] ?? 0);
    }
    if (pieces === 0) encoder.null();
    else encoder.endText();
  },
};

/** As the column above, for bytes that must be mended on the way. */
function extraText(encoder: CopyEncoder, stanza: Stanza): void {
  const { buffer, count, nameStart, slot, valueEnd } = stanza;
  const lines: string[] = [];
  for (let field = 0; field < count; field++) {
    if (slot[field] === -1) lines.push(buffer.toString("utf8", nameStart[field], valueEnd[field]));
  }
  if (lines.length === 0) encoder.null();
  else encoder.text(lines.join("\n"));
}

function textColumn(name: string, slot: number, part: "all" | "first" | "further"): Column {
  return {
    name,
    write(encoder, stanza, facts) {
      const field = stanza.fieldOfSlot[slot] ?? -1;
      if (field < 0) return encoder.null();
      let start = stanza.valueStart[field] ?? 0;
      let end = stanza.valueEnd[field] ?? 0;
      if (part !== "all") {
        let newline = start;
        while (newline < end && stanza.buffer[newline] !== 0x0a) newline++;
        if (part === "first") end = newline;
        else if (newline === end) return encoder.null();
        else start = newline + 1;
      }
      if (facts.utf8) encoder.bytes(stanza.buffer, start, end);
      else encoder.text(stanza.buffer.toString("utf8", start, end));
    },
  };
}

/** Of the list at hand; filled and read within one call. */
const found = emptyElements();

function listColumn(name: string, slot: number, separator: Separator): Column {
  return {
    name,
    write(encoder, stanza, facts) {
      const { buffer, fieldOfSlot, valueStart, valueEnd } = stanza;
      const field = fieldOfSlot[slot] ?? -1;
      const start = valueStart[field] ?? 0;
      const end = valueEnd[field] ?? 0;
      if (field >= 0 && !(facts.utf8 && findElements(found, buffer, start, end, separator))) {
        return textArray(encoder, splitList(fieldText(stanza, slot) ?? "", separator));
      }
      const count = field < 0 ? 0 : found.count;
      encoder.beginTextArray(count);
      for (let element = 0; element < count; element++) {
        encoder.bytes(buffer, found.starts[element] ?? 0, found.ends[element] ?? 0);
      }
      encoder.endTextArray();
    },
  };
}

function textArray(encoder: CopyEncoder, values: readonly string[]): void {
  encoder.beginTextArray(values.length);
  for (const value of values) encoder.text(value);
  encoder.endTextArray();
}

function yesColumn(name: string, slot: number): Column {
  return {
    name,
    write(encoder, { buffer, fieldOfSlot, valueStart, valueEnd }) {
      const field = fieldOfSlot[slot] ?? -1;
      const start = valueStart[field] ?? 0;
      const end = valueEnd[field] ?? 0;
      encoder.boolean(field >= 0 && buffer.compare(YES, 0, YES.length, start, end) === 0);
    },
  };
}

function numberColumn(name: string, slot: number, kind: "bigint" | "smallint"): Column {
  return {
    name,
    write(encoder, { buffer, fieldOfSlot, valueStart, valueEnd }) {
      const field = fieldOfSlot[slot] ?? -1;
      const start = valueStart[field] ?? 0;
      const number = field < 0 ? NOT_A_NUMBER : wholeNumber(buffer, start, valueEnd[field] ?? 0);
      if (number < 0 || (kind === "smallint" && number > 32_767)) encoder.null();
      else if (kind === "smallint") encoder.smallint(number);
      else encoder.bigint(number);
    },
  };
}
