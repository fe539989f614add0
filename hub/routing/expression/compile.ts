import { compareVersions, versionFault } from "../../../core/debian/version.ts";
import { compileGlob } from "../glob.ts";
import type { Facts, Value } from "../facts.ts";
import { type Expression, normalValue, type Term } from "./expression.ts";
import { compileRegex } from "./regex.ts";

/** An expression, ready to be asked. */
export type Predicate = (facts: Facts) => boolean;

/** Turns an expression into a function; it must have passed `parseExpression`. */
export function compileExpression(expression: Expression): Predicate {
  if (expression.kind === "term") return compileTerm(expression);
  if (expression.kind === "not") {
    const part = compileExpression(expression.part);
    return (facts) => !part(facts);
  }
  const parts = expression.parts.map(compileExpression);
  return expression.kind === "all"
    ? (facts) => parts.every((part) => part(facts))
    : (facts) => parts.some((part) => part(facts));
}

function compileTerm(term: Term): Predicate {
  const { field, operator } = term;
  if (operator === "has") return (facts) => facts.values(field).length > 0;
  const holds = compileComparison(term);
  return (facts) => facts.values(field).some(holds);
}

/** One value of an event against the values of a term. */
export function compileComparison({ field, operator, values }: Term): (value: Value) => boolean {
  const [wanted = ""] = values.map((value) => normalValue(field, value));
  switch (operator) {
    case "has":
      return () => true;
    case "=": {
      const texts = new Set(values.map((value) => normalValue(field, value)));
      return (value) =>
        texts.has(String(value)) ||
        (typeof value === "number" && values.some((text) => isSameNumber(text, value)));
    }
    case "~": {
      const glob = compileGlob(wanted);
      return (value) => glob(String(value));
    }
    case "=~": {
      const { matches = () => false } = compileRegex(wanted);
      return (value) => matches(String(value));
    }
    default: {
      const passes = ORDERS[operator];
      return (value) => {
        const order = compareValue(value, wanted);
        return order !== undefined && passes(order);
      };
    }
  }
}

const ORDERS = {
  "<<": (order: number) => order < 0,
  "<=": (order: number) => order <= 0,
  ">=": (order: number) => order >= 0,
  ">>": (order: number) => order > 0,
};

/** Numbers as numbers, texts as versions; what is neither compares with nothing. */
function compareValue(value: Value, wanted: string): number | undefined {
  if (typeof value === "number") {
    const number = Number(wanted);
    return Number.isNaN(number) ? undefined : value - number;
  }
  if (typeof value !== "string" || versionFault(value) !== undefined) return undefined;
  return versionFault(wanted) === undefined ? compareVersions(value, wanted) : undefined;
}

function isSameNumber(text: string, value: number): boolean {
  return text.trim() !== "" && Number(text) === value;
}
