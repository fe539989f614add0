import { hash as digest } from "node:crypto";
import { packageNameFault } from "../../debian/package-name.ts";
import { MEND_FILE, placeOf, requiredText, type Stanza, stanzaError } from "../../debian/stanza.ts";
import { versionFault } from "../../debian/version.ts";
import { OperatorError } from "../../errors.ts";

/** What is known of a stanza before its row is written; the same object for one after the other. */
export interface RowFacts {
  id: number;
  indexId: number;
  /** As `stanzaHash` gives it. */
  stanzaHash: string;
  name: string;
  version: string;
  versionKey: string;
  /** `source` for sources. */
  architecture: string;
  /** The source package and its version; for a source its own. */
  sourceName: string;
  sourceVersion: string;
  /** Whether all its bytes are UTF-8, as they should be (Policy 5.1). */
  utf8: boolean;
}

/** What a stanza is called; part of the facts about it. */
export type Identity = Pick<
  RowFacts,
  "name" | "version" | "architecture" | "sourceName" | "sourceVersion"
>;

export function noFacts(indexId: number): RowFacts {
  return {
    id: 0,
    indexId,
    stanzaHash: "",
    name: "",
    version: "",
    versionKey: "",
    architecture: "",
    sourceName: "",
    sourceVersion: "",
    utf8: false,
  };
}

/**
 * What decides whether a stanza is the one that is stored: the first 64 bits of its SHA-256, one
 * byte a character.
 */
export function stanzaHash(buffer: Buffer, start: number, end: number): string {
  return digest("sha256", buffer.subarray(start, end), "binary").slice(0, 8);
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
  const field = stanza.fieldOfSlot[slot] ?? -1;
  const { buffer, valueStart, valueEnd } = stanza;
  if (field >= 0) {
    const number = wholeNumber(buffer, valueStart[field] ?? 0, valueEnd[field] ?? 0);
    if (number >= 0) return number;
  }
  const text = requiredText(stanza, slot);
  const name = stanza.table.names[slot] ?? "";
  throw stanzaError(stanza, `the field ${name} is not a size: ${JSON.stringify(text)}`, slot);
}

export const NOT_A_NUMBER = -1;

/** The whole number that decimal digits make, or `NOT_A_NUMBER` where it cannot be kept exactly. */
export function wholeNumber(buffer: Buffer, start: number, end: number): number {
  if (start === end) return NOT_A_NUMBER;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (buffer[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return NOT_A_NUMBER;
    number = number * 10 + digit;
  }
  return Number.isSafeInteger(number) ? number : NOT_A_NUMBER;
}
