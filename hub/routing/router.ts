import type { Subject } from "../../core/events/declare.ts";
import { matchesGlob } from "./glob.ts";

/** Who wants to hear what. Lists are globs of which one must match; an empty one names nothing. */
export interface Rule {
  /** For people: "route 3 of @admin:example.org", "email.to in the configuration". */
  name: string;
  destination: string;
  tags: readonly string[];
  repositories: readonly string[];
  suites: readonly string[];
  packages: readonly string[];
}

/** An event as rules see it. */
export interface Heard {
  tag: string;
  audience: "people" | "noise";
  subject: Subject;
}

/** What one rule says to one event, and why. */
export interface Verdict {
  rule: Rule;
  matches: boolean;
  /** A few words: `package bash matches bash`, `the event names no suite`. */
  why: string;
}

/** A destination that hears of an event, and by which rule. */
export interface Recipient {
  destination: string;
  reason: string;
}

/**
 * Who hears of an event: each destination once, with the first rule that says so.
 *
 * @param rules in the order of precedence
 */
export function routeEvent(heard: Heard, rules: readonly Rule[]): Recipient[] {
  const reasons = new Map<string, string>();
  for (const rule of rules) {
    if (reasons.has(rule.destination) || !judgeRule(heard, rule).matches) continue;
    reasons.set(rule.destination, rule.name);
  }
  return [...reasons].map(([destination, reason]) => ({ destination, reason }));
}

/**
 * Asks one rule about one event. All that the rule names must match; a list of the event (suites,
 * packages) matches when any of its elements does; what the event does not have cannot match.
 * Noise is heard only by rules that name its tag, or the tags of its module.
 */
export function judgeRule(heard: Heard, rule: Rule): Verdict {
  const { subject, tag } = heard;
  const checks = [
    heard.audience === "noise" ? noiseCheck(tag, rule.tags) : fieldCheck("tag", [tag], rule.tags),
    fieldCheck("repository", listOf(subject.repository), rule.repositories),
    fieldCheck("suite", subject.suites ?? [], rule.suites),
    fieldCheck("package", subject.packages ?? [], rule.packages),
  ];
  const failed = checks.find((check) => !check.matches);
  if (failed !== undefined) return { rule, ...failed };
  const why = checks.map((check) => check.why).filter((words) => words !== "");
  return { rule, matches: true, why: why.join(", ") || "hears everything meant for people" };
}

interface Check {
  matches: boolean;
  why: string;
}

function fieldCheck(field: string, values: readonly string[], globs: readonly string[]): Check {
  if (globs.length === 0) return { matches: true, why: "" };
  if (values.length === 0) return { matches: false, why: `the event names no ${field}` };
  for (const glob of globs) {
    const value = values.find((one) => matchesGlob(glob, one));
    if (value !== undefined) return { matches: true, why: `${field} ${value} matches ${glob}` };
  }
  const shown = values.slice(0, 5).join(" ");
  return { matches: false, why: `${field} ${shown} does not match ${globs.join(" ")}` };
}

function noiseCheck(tag: string, globs: readonly string[]): Check {
  const module = modulePrefix(tag);
  const glob = globs.find(
    (one) => one === tag || (one.startsWith(module) && matchesGlob(one, tag)),
  );
  return glob === undefined
    ? { matches: false, why: `${tag} is noise, which only a rule naming its tag hears` }
    : { matches: true, why: `tag ${tag} matches ${glob}` };
}

/** `_lk.archive.` of `_lk.archive.package-src-removed`. */
function modulePrefix(tag: string): string {
  const parts = tag.split(".");
  return `${parts.slice(0, parts[0] === "_lk" ? 2 : 1).join(".")}.`;
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
