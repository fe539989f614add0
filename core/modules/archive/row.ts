import { hash as digest } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { type FieldTable, fieldTable } from "../../debian/field-table.ts";
import { packageNameFault } from "../../debian/package-name.ts";
import {
  fieldText,
  MEND_FILE,
  placeOf,
  requiredText,
  type Stanza,
  stanzaError,
} from "../../debian/stanza.ts";
import { versionFault, versionKey } from "../../debian/version.ts";
import { OperatorError } from "../../errors.ts";
import type { CopyEncoder } from "./copy-encoder.ts";

/** What is known of a stanza before its row is written. */
export interface RowFacts {
  id: number;
  indexId: number;
  /** The first 64 bits of its SHA-256, as 16 hexadecimal digits. */
  stanzaHash: string;
  name: string;
  version: string;
  architecture: string;
  /** Whether all its bytes are UTF-8, as they should be (Policy 5.1). */
  utf8: boolean;
}

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
  list(name: string, field: string, separator: RegExp): Column;
  yes(name: string, field: string): Column;
  number(name: string, field: string, kind?: "bigint" | "smallint"): Column;
  shape(table: string, columns: Column[]): RowShape;
}

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
    yes(name, field) {
      const place = slot(field);
      return {
        name,
        write: (encoder, stanza) => encoder.boolean(fieldText(stanza, place) === "yes"),
      };
    },
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
  { name: "version_key", write: (encoder, _, facts) => encoder.text(versionKey(facts.version)) },
];

/** Fields that no column took, as they are written. */
export const EXTRA_COLUMN: Column = {
  name: "extra",
  write(encoder, stanza) {
    const parts: Buffer[] = [];
    for (let field = 0; field < stanza.count; field++) {
      if (stanza.slot[field] !== -1) continue;
      if (parts.length > 0) parts.push(NEWLINE);
      parts.push(stanza.buffer.subarray(stanza.nameStart[field], stanza.valueEnd[field]));
    }
    if (parts.length === 0) encoder.null();
    else encoder.text(Buffer.concat(parts).toString("utf8"));
  },
};

const NEWLINE = Buffer.from("\n");

/** A number that decides whether a stanza is the one that is stored. */
export function stanzaHash(stanza: Stanza): string {
  return digest("sha256", stanza.buffer.subarray(stanza.start, stanza.end), "hex").slice(0, 16);
}

export function isCleanText(stanza: Stanza): boolean {
  return isUtf8(stanza.buffer.subarray(stanza.start, stanza.end));
}

/** @throws OperatorError `BAD_PACKAGE_NAME` with file, line and name */
export function checkName(stanza: Stanza, slot: number, name: string): string {
  const fault = packageNameFault(name);
  if (fault === undefined) return name;
  const value = `${stanza.table.names[slot] ?? ""} ${JSON.stringify(name)}`;
  throw new OperatorError(
    "BAD_PACKAGE_NAME",
    `${placeOf(stanza, slot)}: ${value} is no name of a package: ${fault}.`,
    MEND_FILE,
  );
}

/** @throws OperatorError `BAD_VERSION` with file, line and version */
export function checkVersion(stanza: Stanza, slot: number, version: string): string {
  const fault = versionFault(version);
  if (fault === undefined) return version;
  const value = `${stanza.table.names[slot] ?? ""} ${JSON.stringify(version)}`;
  throw new OperatorError(
    "BAD_VERSION",
    `${placeOf(stanza, slot)}: ${value} is no valid version: ${fault}.`,
    MEND_FILE,
  );
}

/** @throws OperatorError unless the field is a whole number that can be kept exactly */
export function requiredNumber(stanza: Stanza, slot: number): number {
  const text = requiredText(stanza, slot);
  const number = wholeNumber(text);
  if (number !== undefined) return number;
  const field = stanza.table.names[slot] ?? "";
  throw stanzaError(stanza, `the field ${field} is not a size: ${JSON.stringify(text)}`, slot);
}

/** A whole number of decimal digits, or undefined. */
export function wholeNumber(text: string): number | undefined {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

/** A list as people write it: no empty elements, line breaks are blanks. */
export function splitList(text: string | undefined, separator: RegExp): string[] {
  if (text === undefined) return [];
  return text
    .split(separator)
    .map((element) => element.replace(/\s+/g, " ").trim())
    .filter((element) => element !== "");
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
        const newline = stanza.buffer.subarray(start, end).indexOf(0x0a);
        if (part === "first") end = newline < 0 ? end : start + newline;
        else if (newline < 0) return encoder.null();
        else start += newline + 1;
      }
      if (facts.utf8) encoder.bytes(stanza.buffer, start, end);
      else encoder.text(stanza.buffer.toString("utf8", start, end));
    },
  };
}

function listColumn(name: string, slot: number, separator: RegExp): Column {
  return {
    name,
    write: (encoder, stanza) => encoder.textArray(splitList(fieldText(stanza, slot), separator)),
  };
}

function numberColumn(name: string, slot: number, kind: "bigint" | "smallint"): Column {
  return {
    name,
    write(encoder, stanza) {
      const number = wholeNumber(fieldText(stanza, slot) ?? "");
      if (number === undefined || (kind === "smallint" && number > 32_767)) encoder.null();
      else if (kind === "smallint") encoder.smallint(number);
      else encoder.bigint(number);
    },
  };
}
