import type { Facts } from "../facts.ts";
import { compileComparison } from "./compile.ts";
import { type Expression, printExpression, type Term } from "./expression.ts";

/** What an expression says to an event, and why in a few words. */
export interface Explained {
  matches: boolean;
  why: string;
}

const SHOWN_VALUES = 5;

/** Asks an expression and tells what decided: `package bash matches bash`. */
export function explainExpression(expression: Expression, facts: Facts): Explained {
  if (expression.kind === "term") return explainTerm(expression, facts);
  if (expression.kind === "not") {
    const { matches, why } = explainExpression(expression.part, facts);
    return { matches: !matches, why };
  }
  const parts = expression.parts.map((part) => explainExpression(part, facts));
  const wanted = expression.kind === "any";
  const decisive = parts.find((part) => part.matches === wanted);
  if (decisive !== undefined) return decisive;
  return { matches: !wanted, why: parts.map((part) => part.why).join(", ") };
}

function explainTerm(term: Term, facts: Facts): Explained {
  const { field, operator } = term;
  const values = facts.values(field);
  if (operator === "has") {
    const matches = values.length > 0;
    return { matches, why: `the event ${matches ? "has a" : "names no"} ${field}` };
  }
  if (values.length === 0) return { matches: false, why: `the event names no ${field}` };
  const hit = values.find(compileComparison(term));
  const asked = ["=", "~"].includes(operator)
    ? term.values.join(" ")
    : printExpression(term).slice(field.length + 1);
  if (hit !== undefined) return { matches: true, why: `${field} ${hit} matches ${asked}` };
  const shown = values.slice(0, SHOWN_VALUES).join(" ");
  return { matches: false, why: `${field} ${shown} does not match ${asked}` };
}
