import { EVERYTHING, type Expression } from "../expression/expression.ts";
import { parseExpression } from "../expression/parse.ts";
import { isPattern } from "../glob.ts";
import type { SubscriptionKind, Wanted } from "./subscription.ts";

const FIELD: Partial<Record<SubscriptionKind, string>> = {
  package: "package",
  source: "source",
  maintainer: "maintainer",
  suite: "suite",
  keyword: "keyword",
  person: "uploader",
};

/**
 * A subscription as an expression; of a team only its condition, for which packages are the team's
 * is asked elsewhere.
 */
export function expressionOf({ kind, value, condition }: Wanted): Expression {
  const rest = condition === "" ? EVERYTHING : parseExpression(condition);
  const field = FIELD[kind];
  if (field === undefined) return rest;
  const operator = isPattern(value) ? "~" : "=";
  const term: Expression = { kind: "term", field, operator, values: [value] };
  return condition === "" ? term : { kind: "all", parts: [term, rest] };
}

/** The field of an event that a kind names a value of. */
export function fieldOf(kind: SubscriptionKind): string {
  return FIELD[kind] ?? kind;
}

/** True when who is found under the subscription's name need not be asked anything else. */
export function isPlain({ kind, value, condition }: Wanted): boolean {
  return condition === "" && kind !== "matching" && (kind === "team" || !isPattern(value));
}
