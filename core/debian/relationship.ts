import { OperatorError } from "../errors.ts";
import { packageNameFault } from "./package-name.ts";
import { versionFault } from "./version.ts";

/** `<<` strictly earlier … `>>` strictly later (Policy 7.1). */
export const VERSION_OPERATORS = ["<<", "<=", "=", ">=", ">>"] as const;
export type VersionOperator = (typeof VERSION_OPERATORS)[number];

export interface VersionConstraint {
  operator: VersionOperator;
  version: string;
}

/** `amd64` or `!amd64` in square brackets, `nocheck` or `!nocheck` in angle brackets. */
export interface Restriction {
  name: string;
  negated: boolean;
}

/** One package of a relationship, with all that may stand behind its name. */
export interface PackageRelation {
  name: string;
  /** Behind the colon: `any`, `native` or an architecture. */
  qualifier: string | undefined;
  version: VersionConstraint | undefined;
  /** All negated or none; empty means everywhere. */
  architectures: Restriction[];
  /**
   * A disjunction of conjunctions: `<!nocheck !cross> <stage1>` holds when both of the first or
   * the one of the second hold. Empty means always.
   */
  profiles: Restriction[][];
}

/** Alternatives, any of which will do: `a | b`. At least one. */
export type Alternatives = PackageRelation[];

/**
 * Reads a relationship field of a source or binary package: Depends, Build-Conflicts, Provides,
 * Built-Using and all others of Policy 7. Blanks and line breaks may stand anywhere between the
 * parts, and a comma may be left over at the end, as dpkg allows.
 *
 * @returns what the commas separate, in order
 * @throws OperatorError `MALFORMED_RELATIONSHIP` that quotes the part
 */
export function parseRelationship(text: string): Alternatives[] {
  const groups: Alternatives[] = [];
  for (const group of text.split(",")) {
    if (group.trim() === "") continue;
    groups.push(group.split("|").map((part) => parseRelation(part.trim())));
  }
  return groups;
}

/** The field again in its usual form: one blank between the parts. */
export function printRelationship(groups: readonly Alternatives[]): string {
  return groups.map((group) => group.map(printRelation).join(" | ")).join(", ");
}

/** One package of a relationship in its usual form. */
export function printRelation(relation: PackageRelation): string {
  const { name, qualifier, version, architectures, profiles } = relation;
  const parts = [qualifier === undefined ? name : `${name}:${qualifier}`];
  if (version !== undefined) parts.push(`(${version.operator} ${version.version})`);
  if (architectures.length > 0) parts.push(`[${architectures.map(printRestriction).join(" ")}]`);
  for (const profile of profiles) parts.push(`<${profile.map(printRestriction).join(" ")}>`);
  return parts.join(" ");
}

// The parts in the only order that dpkg takes them. Any of them may be wrong inside.
const RELATION =
  /^([^\s:([<]+)(?::([^\s([<]+))?\s*(?:\(([^()]*)\))?\s*(?:\[([^[\]]*)\])?\s*((?:<[^<>]*>\s*)*)$/;
const CONSTRAINT = /^\s*(<<|<=|>=|>>|=|<|>)\s*(\S+)\s*$/;
const QUALIFIER = /^[a-z0-9][a-z0-9-]*$/;
const ARCHITECTURE = /^[a-z0-9][a-z0-9-]*$/;
const PROFILE = /^[a-z0-9][a-z0-9+.-]*$/;

function parseRelation(text: string): PackageRelation {
  const match = RELATION.exec(text);
  if (match === null) throw malformed(text, text === "" ? "an alternative is empty" : "its form");
  const [, name = "", qualifier, constraint, architectures, profiles = ""] = match;
  if (packageNameFault(name) !== undefined) throw malformed(text, "the name of the package");
  if (qualifier !== undefined && !QUALIFIER.test(qualifier)) {
    throw malformed(text, "what stands behind the colon");
  }
  return {
    name,
    qualifier,
    version: constraint === undefined ? undefined : parseConstraint(constraint, text),
    architectures: architectures === undefined ? [] : parseArchitectures(architectures, text),
    profiles: [...profiles.matchAll(/<([^<>]*)>/g)].map(([, list = ""]) =>
      parseRestrictions(list, PROFILE, text, "a build profile"),
    ),
  };
}

function parseConstraint(text: string, whole: string): VersionConstraint {
  const [, operator = "", version = ""] = CONSTRAINT.exec(text) ?? [];
  if (operator === "" || versionFault(version) !== undefined) {
    throw malformed(whole, "the version in parentheses");
  }
  return { operator: currentOperator(operator), version };
}

/** A lone `<` or `>` is obsolete and means "or equal" (deb-control(5)). */
function currentOperator(operator: string): VersionOperator {
  if (operator === "<") return "<=";
  return operator === ">" ? ">=" : (operator as VersionOperator);
}

function parseArchitectures(text: string, whole: string): Restriction[] {
  const list = parseRestrictions(text, ARCHITECTURE, whole, "an architecture");
  // Policy 7.1: all of them are negated, or none is.
  if (new Set(list.map((one) => one.negated)).size > 1) {
    throw malformed(whole, "some architectures are negated and some are not");
  }
  return list;
}

function parseRestrictions(text: string, form: RegExp, whole: string, what: string): Restriction[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw malformed(whole, `${what} is missing`);
  return words.map((word) => {
    const negated = word.startsWith("!");
    const name = negated ? word.slice(1) : word;
    if (!form.test(name)) throw malformed(whole, what);
    return { name, negated };
  });
}

function printRestriction({ name, negated }: Restriction): string {
  return negated ? `!${name}` : name;
}

function malformed(text: string, fault: string): OperatorError {
  return new OperatorError(
    "MALFORMED_RELATIONSHIP",
    `The relationship ${JSON.stringify(text)} cannot be read: ${fault}.`,
    "Policy 7.1 tells the form: name:qualifier (>= version) [architectures] <profiles>.",
  );
}
