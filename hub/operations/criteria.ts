import { z } from "zod";
import type { Inline } from "../../core/message.ts";
import type { Registry } from "../../core/operation/registry.ts";
import { OperatorError } from "../../core/errors.ts";
import { Glob, matchesGlob } from "../routing/glob.ts";

/** What a rule names. Empty lists name nothing. */
export interface Criteria {
  tags: string[];
  repositories: string[];
  suites: string[];
  packages: string[];
}

const globs = z.array(Glob).max(50).default([]);

/** The flags that rules are described by; packages come by place or by flag. */
export const criteriaFlags = {
  suite: globs.meta({ description: "only these suites (patterns)", complete: "suite" }),
  tag: globs.meta({ description: "only these kinds of events, such as _lk.archive.*" }),
  repository: globs.meta({
    description: "only these repositories (patterns)",
    complete: "repository",
  }),
};

/** Package names or patterns, by place. */
export const packageWords = globs.meta({
  description: "source packages, or patterns such as linux-*",
  positional: true,
  complete: "package",
});

/** Package names or patterns, by flag. */
export const packageFlag = globs.meta({ description: "only these packages", complete: "package" });

interface Given {
  suite: string[];
  tag: string[];
  repository: string[];
}

/**
 * What was typed, as a rule stores it: sorted, once each, tags with their `_lk.`.
 *
 * @throws OperatorError `NO_SUCH_TAG` for a pattern that no known event has
 */
export function criteriaOf(given: Given, packages: string[], registry: Registry): Criteria {
  return {
    tags: normal(given.tag.map((tag) => knownTag(tag, registry))),
    repositories: normal(given.repository),
    suites: normal(given.suite),
    packages: normal(packages),
  };
}

/** True when nothing is named, so that the rule would hear everything. */
export function namesNothing(criteria: Criteria): boolean {
  return Object.values(criteria).every((list: string[]) => list.length === 0);
}

/** The criteria as words: `bash, suite sid`. */
export function describeCriteria(criteria: Criteria): Inline[] {
  const parts: Inline[][] = [];
  if (criteria.packages.length > 0) parts.push([{ strong: criteria.packages.join(" ") }]);
  for (const [name, list] of [
    ["suite", criteria.suites],
    ["repository", criteria.repositories],
    ["tag", criteria.tags],
  ] as const) {
    if (list.length > 0) parts.push([`${name} `, { code: list.join(" ") }]);
  }
  if (parts.length === 0) return ["everything meant for people"];
  return parts.flatMap((part, index) => (index === 0 ? part : [", ", ...part]));
}

function knownTag(glob: string, registry: Registry): string {
  const tags = [...registry.events.keys()];
  for (const candidate of [glob, `_lk.${glob}`]) {
    if (tags.some((tag) => matchesGlob(candidate, tag))) return candidate;
  }
  const modules = [...new Set(tags.map((tag) => tag.split(".").slice(0, 2).join(".")))].sort();
  throw new OperatorError(
    "NO_SUCH_TAG",
    `No event is tagged ${glob}.`,
    `Tags begin with one of: ${modules.map((name) => `${name}.*`).join(" ")}`,
    { exitStatus: 2 },
  );
}

function normal(list: string[]): string[] {
  return [...new Set(list)].sort();
}
