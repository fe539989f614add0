import { isPattern } from "../glob.ts";
import { type Expression, normalValue, type Term } from "./expression.ts";

/** Where a rule is to be found: every event for which its expression holds has one of these. */
export interface Anchor {
  field: string;
  /** A value of the field, or the beginning of one. */
  text: string;
  beginning: boolean;
}

/** The fields that can be looked up, the ones that fewest events share first. */
export const ANCHOR_FIELDS = [
  "package",
  "source",
  "maintainer",
  "uploader",
  "person",
  "tag",
  "keyword",
  "module",
  "suite",
  "repository",
] as const;
/** The fields of which beginnings can be looked up, and how long these are. */
const PREFIX_FIELDS: readonly string[] = ["package", "source", "tag"];
const LONGEST_PREFIX = 16;

/** Where an expression is to be found; undefined when it must be asked about each event. */
export function anchorsOf(expression: Expression): Anchor[] | undefined {
  return found(expression)?.anchors;
}

interface Found {
  anchors: Anchor[];
  /** How good it is: the place in ANCHOR_FIELDS, beginnings after all whole values. */
  rank: number;
}

function found(expression: Expression): Found | undefined {
  if (expression.kind === "term") return ofTerm(expression);
  if (expression.kind === "not") return undefined;
  const parts = expression.parts.map(found);
  const known = parts.filter((part) => part !== undefined);
  if (expression.kind === "all") return known.toSorted((a, b) => a.rank - b.rank)[0];
  if (known.length < parts.length) return undefined;
  return {
    anchors: known.flatMap((part) => part.anchors),
    rank: Math.max(...known.map((part) => part.rank)),
  };
}

function ofTerm({ field, operator, values }: Term): Found | undefined {
  const rank = ANCHOR_FIELDS.findIndex((name) => name === field);
  if (rank < 0) return undefined;
  if (operator === "=") {
    return { anchors: values.map((value) => anchor(field, value)), rank };
  }
  const [pattern = ""] = values;
  if (operator !== "~") return undefined;
  if (!isPattern(pattern)) return { anchors: [anchor(field, pattern)], rank };
  const prefix = (/^[^*?[]*/.exec(pattern)?.[0] ?? "").slice(0, LONGEST_PREFIX);
  if (prefix === "" || !PREFIX_FIELDS.includes(field)) return undefined;
  const beginning: Anchor = { field, text: prefix, beginning: true };
  return { anchors: [beginning], rank: rank + ANCHOR_FIELDS.length };
}

function anchor(field: string, value: string): Anchor {
  return { field, text: normalValue(field, value), beginning: false };
}
