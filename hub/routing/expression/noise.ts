import type { Facts } from "../facts.ts";
import { moduleOf } from "../keyword.ts";
import { compileComparison } from "./compile.ts";
import type { Expression, Term } from "./expression.ts";

/** Asks whether a rule names an event, which is what it takes to hear noise. */
export type NamesTag = (facts: Facts) => boolean;

/**
 * Noise is heard only by rules that name its tag, or the tags of its module by a pattern that
 * begins with the module: what hears everything, or a package, does not hear noise.
 */
export function compileNamesTag(expression: Expression): NamesTag {
  if (tagTerms(expression).length === 0) return NEVER;
  const terms = tagTerms(expression).map((term) => ({ term, holds: compileComparison(term) }));
  return (facts) => {
    const module = `${moduleOf(facts.tag)}.`;
    return terms.some(({ term, holds }) => {
      const named = term.values.some((value) => value.replace(/^_lk\./, "").startsWith(module));
      return named && facts.values("tag").some(holds);
    });
  };
}

const NEVER: NamesTag = () => false;

function tagTerms(expression: Expression): Term[] {
  if (expression.kind === "term") return expression.field === "tag" ? [expression] : [];
  return expression.kind === "not" ? [] : expression.parts.flatMap(tagTerms);
}
