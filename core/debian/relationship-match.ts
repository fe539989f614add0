import { architectureMatches } from "./architecture.ts";
import type {
  Alternatives,
  PackageRelation,
  Restriction,
  VersionConstraint,
  VersionOperator,
} from "./relationship.ts";
import { compareVersions } from "./version.ts";

/** Whether a version fulfils what stands in the parentheses; everything does when none do. */
export function versionSatisfies(version: string, wanted: VersionConstraint | undefined): boolean {
  if (wanted === undefined) return true;
  return HOLDS[wanted.operator](compareVersions(version, wanted.version));
}

const HOLDS: Record<VersionOperator, (order: number) => boolean> = {
  "<<": (order) => order < 0,
  "<=": (order) => order <= 0,
  "=": (order) => order === 0,
  ">=": (order) => order >= 0,
  ">>": (order) => order > 0,
};

/**
 * Whether a package of a given name and version is what a relation asks for, in its own right.
 * Architectures are not looked at.
 */
export function relationMatches(
  relation: PackageRelation,
  candidate: { name: string; version: string },
): boolean {
  return relation.name === candidate.name && versionSatisfies(candidate.version, relation.version);
}

/**
 * Whether an element of Provides is what a relation asks for. One without a version provides none,
 * so that it answers only relations without one (Policy 7.5).
 */
export function providesMatches(relation: PackageRelation, provided: PackageRelation): boolean {
  if (relation.name !== provided.name) return false;
  if (relation.version === undefined) return true;
  return provided.version !== undefined
    ? versionSatisfies(provided.version.version, relation.version)
    : false;
}

/** For whom a relationship is read: `arch` and the active build profiles. */
export interface BuildFor {
  architecture: string;
  profiles?: readonly string[];
}

/** Whether brackets and profile formulas let a relation stand (Policy 7.1, dpkg's BuildProfiles). */
export function relationApplies(relation: PackageRelation, target: BuildFor): boolean {
  return (
    architecturesApply(relation.architectures, target.architecture) &&
    profilesApply(relation.profiles, target.profiles ?? [])
  );
}

/** A relationship without what does not apply; alternatives that are all gone go as a whole. */
export function reduceRelationship(
  groups: readonly Alternatives[],
  target: BuildFor,
): Alternatives[] {
  return groups
    .map((group) => group.filter((relation) => relationApplies(relation, target)))
    .filter((group) => group.length > 0);
}

function architecturesApply(list: readonly Restriction[], architecture: string): boolean {
  const [first] = list;
  if (first === undefined) return true;
  const named = list.some((one) => architectureMatches(architecture, one.name));
  return first.negated ? !named : named;
}

function profilesApply(formula: readonly Restriction[][], active: readonly string[]): boolean {
  if (formula.length === 0) return true;
  return formula.some((all) => all.every((one) => active.includes(one.name) !== one.negated));
}
