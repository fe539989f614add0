import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Registry } from "../../core/operation/registry.ts";
import { canonicalAddress } from "../channels/email/address.ts";
import { parseExpression } from "../routing/expression/parse.ts";
import { type Expression, printExpression } from "../routing/expression/expression.ts";
import { Glob, isPattern, matchesGlob } from "../routing/glob.ts";
import { Keyword } from "../routing/keyword.ts";
import type { Wanted } from "../routing/subscription/subscription.ts";
import { findTeam } from "../routing/team.ts";

const globs = z.array(Glob).max(50).default([]);
const addresses = z.array(z.string().trim().min(3).max(254)).max(50).default([]);

/** The flags by which is said what is to be heard; packages come by place or by flag. */
export const wantedFlags = {
  suite: globs.meta({ description: "only these suites (patterns)", complete: "suite" }),
  tag: globs.meta({ description: "only these kinds of events, such as _lk.archive.*" }),
  repository: globs.meta({
    description: "only these repositories (patterns)",
    complete: "repository",
  }),
  source: globs.meta({ description: "source packages, with all they build", complete: "package" }),
  maintainer: addresses.meta({
    description: "packages with this address as Maintainer or Uploader",
  }),
  person: addresses.meta({ description: "what people with these addresses upload" }),
  team: globs.meta({ description: "packages of these teams; see team list" }),
  keyword: z.array(Keyword).max(50).default([]).meta({
    description: "only these kinds of news, such as build; see keyword",
  }),
  if: z.string().max(2_000).default("").meta({
    description: 'only what this holds for, such as "version >> 2.0 and not suite ~ *-backports"',
  }),
};

/** Package names or patterns, by place. */
export const packageWords = globs.meta({
  description: "packages, or patterns such as linux-*",
  positional: true,
  complete: "package",
});

/** Package names or patterns, by flag. */
export const packageFlag = globs.meta({ description: "only these packages", complete: "package" });

/** What was typed. */
export interface Typed {
  packages: string[];
  suite: string[];
  tag: string[];
  repository: string[];
  source: string[];
  maintainer: string[];
  person: string[];
  team: string[];
  keyword: Keyword[];
  if: string;
}

/** What is to be stored: one for each name, so that each can be ended by itself. */
export interface Said {
  wanted: Wanted[];
  /** Of all of them; null when none were named. */
  keywords: Keyword[] | null;
  /** True when nothing at all was named. */
  nothing: boolean;
}

/**
 * What was typed, as it is stored.
 *
 * @throws OperatorError `NO_SUCH_TAG`, `NO_TEAM`, `BAD_DESTINATION` for an address that is none,
 *   `BAD_EXPRESSION`
 */
export async function saidBy(typed: Typed, registry: Registry): Promise<Said> {
  const names: [Wanted["kind"], string[]][] = [
    ["package", typed.packages],
    ["source", typed.source],
    ["maintainer", typed.maintainer.map(address)],
    ["person", typed.person.map(address)],
    ["team", await knownTeams(typed.team)],
  ];
  const condition = conditionOf(typed, registry);
  const wanted = names.flatMap(([kind, values]) =>
    unique(values).map((value): Wanted => ({ kind, value, condition })),
  );
  const keywords = typed.keyword.length === 0 ? null : typed.keyword;
  const nothing = wanted.length === 0 && condition === "" && keywords === null;
  if (wanted.length > 0 || nothing) return { wanted, keywords, nothing };
  const [suite = "", ...others] = typed.suite;
  if (suite !== "" && others.length === 0 && condition === conditionOf(only(typed), registry)) {
    return { wanted: [{ kind: "suite", value: suite, condition: "" }], keywords, nothing };
  }
  if (condition === "" && keywords !== null) {
    const kinds = keywords.map((value): Wanted => ({ kind: "keyword", value, condition: "" }));
    return { wanted: kinds, keywords: null, nothing };
  }
  return { wanted: [{ kind: "matching", value: "", condition }], keywords, nothing };
}

/** Of what was typed only the suites. */
function only(typed: Typed): Typed {
  return { ...typed, tag: [], repository: [], if: "" };
}

function conditionOf(typed: Typed, registry: Registry): string {
  const parts: Expression[] = [
    ...anyOf("suite", typed.suite),
    ...anyOf("repository", typed.repository),
    ...anyOf(
      "tag",
      typed.tag.map((tag) => knownTag(tag, registry)),
    ),
  ];
  if (typed.if.trim() !== "") parts.push(parseExpression(typed.if));
  const [first] = parts;
  if (first === undefined) return "";
  return printExpression(parts.length === 1 ? first : { kind: "all", parts });
}

function anyOf(field: string, given: string[]): Expression[] {
  const values = unique(given).toSorted();
  const names = values.filter((value) => !isPattern(value));
  const parts: Expression[] = values
    .filter(isPattern)
    .map((value) => ({ kind: "term", field, operator: "~", values: [value] }));
  if (names.length > 0) parts.unshift({ kind: "term", field, operator: "=", values: names });
  return parts.length > 1 ? [{ kind: "any", parts }] : parts;
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

async function knownTeams(slugs: string[]): Promise<string[]> {
  for (const slug of slugs) if ((await findTeam(slug)) === undefined) throw noTeam(slug);
  return slugs;
}

export function noTeam(slug: string): OperatorError {
  return new OperatorError("NO_TEAM", `There is no team ${slug}.`, "Type team list for all.");
}

/** As it is compared with what packages say: lower case. */
function address(text: string): string {
  const canonical = canonicalAddress(text);
  if (canonical !== undefined) return canonical.toLowerCase();
  throw new OperatorError(
    "BAD_DESTINATION",
    `${JSON.stringify(text)} is not an address.`,
    "Addresses are written like: person@example.org",
    { exitStatus: 2 },
  );
}

function unique(list: string[]): string[] {
  return [...new Set(list)];
}
