/** How a term compares: text, glob, regular expression (RE2), and Debian's order of versions. */
export type Operator = "=" | "~" | "=~" | "<<" | "<=" | ">=" | ">>" | "has";

/** One comparison. It holds when any value of the field does, compared with any of `values`. */
export interface Term {
  kind: "term";
  field: string;
  operator: Operator;
  values: readonly string[];
}

/** What a rule asks of an event. `all` of nothing always holds. */
export type Expression =
  | Term
  | { kind: "all" | "any"; parts: readonly Expression[] }
  | { kind: "not"; part: Expression };

/** Holds for every event. */
export const EVERYTHING: Expression = { kind: "all", parts: [] };

/** Fields that an event's subject gives; those of its data are written `data.NAME`. */
export const FIELDS = {
  tag: "_lk.archive.package-changed, or without its _lk.",
  module: "the second word of the tag: archive, jobs, spears",
  keyword: "the kind of news: upload-source, build, migration",
  audience: "people or noise",
  repository: "the repository",
  suite: "a suite it is about",
  package: "a source or binary package it is about",
  source: "a source package it is about",
  version: "a version of the package",
  architecture: "an architecture",
  maintainer: "address in Maintainer or Uploaders of the source package",
  uploader: "address of the person who uploaded",
  person: "address of any person it concerns",
  destination: "who is told (in silences)",
} as const;

const ADDRESSES = new Set(["maintainer", "uploader", "person"]);

/** A value as facts have it: addresses are compared without regard to case. */
export function normalValue(field: string, value: string): string {
  return ADDRESSES.has(field) ? value.toLowerCase() : value;
}

/** The expression as people type it; `parseExpression` reads it back as the same. */
export function printExpression(expression: Expression): string {
  if (expression.kind === "term") return printTerm(expression);
  if (expression.kind === "not") {
    return `not ${isSimple(expression.part) ? printExpression(expression.part) : bracketed(expression.part)}`;
  }
  const word = expression.kind === "all" ? " and " : " or ";
  return expression.parts
    .map((part) => (isSimple(part) ? printExpression(part) : bracketed(part)))
    .join(word);
}

function isSimple(expression: Expression): boolean {
  return expression.kind === "term" || expression.kind === "not";
}

function bracketed(expression: Expression): string {
  return `(${printExpression(expression)})`;
}

function printTerm({ field, operator, values }: Term): string {
  if (operator === "has") return `has ${field}`;
  if (values.length === 1 || operator !== "=") {
    return `${field} ${operator} ${printValue(values[0] ?? "")}`;
  }
  return `${field} in (${values.map(printValue).join(", ")})`;
}

/** A value as it is typed: in quotes where it would not be read as one word. */
export function printValue(value: string): string {
  return /^[^\s(),"\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
