import fc from "fast-check";
import type { Facts, Value } from "../../../../hub/routing/facts.ts";
import type { Expression, Operator } from "../../../../hub/routing/expression/expression.ts";

/** An event as a table of its fields. */
export type Table = Record<string, Value[]>;

export function factsOf(table: Table): Facts {
  const tag = String(table["tag"]?.[0] ?? "_lk.test.x");
  return { tag, audience: "people", values: (field) => table[field] ?? [] };
}

const NAMES = ["bash", "bash-doc", "linux", "linux-image", "zsh", "lib+x", "a.b"];
const VERSIONS = ["1.0", "1.0~rc1", "1.0-1", "1:0.5", "2.10", "2.9", "0", "2.0+b1"];
const GLOBS = ["*", "linux*", "?ash", "b*-*", "[bz]*sh", "*.b", "l?n[!a]x*", "bash"];
const REGEXES = ["ba.*", "(bash|zsh)", "[a-z]+", ".*x", "linux-?", "(a|b)+.*", ""];
const FIELDS = ["package", "source", "suite", "tag", "version", "data.a", "data.b.c"];

const anyValue = fc.constantFrom<Value>(...NAMES, ...VERSIONS, 3, 10, 2.5, true, "sid", "_lk.a.b");

export const table: fc.Arbitrary<Table> = fc.dictionary(
  fc.constantFrom(...FIELDS),
  fc.array(anyValue, { maxLength: 3 }),
  { maxKeys: 5 },
);

const term: fc.Arbitrary<Expression> = fc
  .tuple(
    fc.constantFrom(...FIELDS),
    fc.constantFrom<Operator>("=", "=", "~", "~", "=~", "<<", "<=", ">=", ">>", "has"),
    fc.nat(),
    fc.array(fc.constantFrom(...NAMES, "sid", "3", "_lk.a.b"), { minLength: 1, maxLength: 3 }),
  )
  .map(([field, operator, pick, several]) => ({
    kind: "term",
    field,
    operator,
    values: valuesFor(operator, pick, several),
  }));

function valuesFor(operator: Operator, pick: number, several: string[]): string[] {
  if (operator === "has") return [];
  if (operator === "=") return several;
  const from = operator === "~" ? GLOBS : operator === "=~" ? REGEXES : [...VERSIONS, "3", "10"];
  return [from[pick % from.length] ?? ""];
}

/** Any rule that can be typed; of the depth that people type. */
export const rule: fc.Arbitrary<Expression> = fc.letrec<{ rule: Expression }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    term,
    tie("rule").map((part): Expression => ({ kind: "not", part })),
    fc
      .tuple(
        fc.constantFrom("all" as const, "any" as const),
        fc.array(tie("rule"), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]): Expression => ({ kind, parts })),
  ),
})).rule;

/** What a rule says, worked out in the plainest way: no indices, no shared code, no short cuts. */
export function plainly(expression: Expression, event: Table): boolean {
  if (expression.kind === "not") return !plainly(expression.part, event);
  if (expression.kind !== "term") {
    const verdicts = expression.parts.map((part) => plainly(part, event));
    return expression.kind === "all" ? !verdicts.includes(false) : verdicts.includes(true);
  }
  const { field, operator, values } = expression;
  const found = event[field] ?? [];
  if (operator === "has") return found.length > 0;
  return found.some((one) => values.some((wanted) => compares(one, operator, wanted)));
}

function compares(value: Value, operator: Operator, wanted: string): boolean {
  const text = `${value}`;
  if (operator === "=") {
    return text === wanted || (typeof value === "number" && /\d/.test(wanted) && +wanted === value);
  }
  if (operator === "~") return plainGlob(wanted.split(""), text.split(""));
  if (operator === "=~") return new RegExp(`^(?:${wanted})$`, "s").test(text);
  const order = plainOrder(value, wanted);
  if (order === undefined) return false;
  return operator.includes("=")
    ? operator === "<="
      ? order <= 0
      : order >= 0
    : operator === "<<"
      ? order < 0
      : order > 0;
}

function plainGlob(glob: string[], text: string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return text.length === 0;
  if (first === "*")
    return text.some((_, at) => plainGlob(rest, text.slice(at))) || plainGlob(rest, []);
  const [character] = text;
  if (character === undefined) return false;
  if (first !== "[")
    return (first === "?" || first === character) && plainGlob(rest, text.slice(1));
  const end = rest.indexOf("]");
  const negated = rest[0] === "!";
  const inside = rest.slice(negated ? 1 : 0, end).includes(character);
  return inside !== negated && plainGlob(rest.slice(end + 1), text.slice(1));
}

function plainOrder(value: Value, wanted: string): number | undefined {
  if (typeof value === "number") return Number.isNaN(+wanted) ? undefined : value - +wanted;
  if (typeof value === "boolean" || !/^\d/.test(value)) return undefined;
  const [a, b] = [split(value), split(wanted)];
  return (
    a.epoch - b.epoch || verrevcmp(a.upstream, b.upstream) || verrevcmp(a.revision, b.revision)
  );
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = "0", upstream = "", revision = ""] =
    /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch: +epoch, upstream, revision };
}

/** As in dpkg's lib/dpkg/version.c. */
function verrevcmp(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== "" || right !== "") {
    while ((left !== "" && !/^\d/.test(left)) || (right !== "" && !/^\d/.test(right))) {
      const difference = weight(left[0]) - weight(right[0]);
      if (difference !== 0) return difference;
      [left, right] = [left.slice(1), right.slice(1)];
    }
    const [x, y] = [/^\d*/.exec(left)?.[0] ?? "", /^\d*/.exec(right)?.[0] ?? ""];
    if (+x !== +y) return +x - +y;
    [left, right] = [left.slice(x.length), right.slice(y.length)];
  }
  return 0;
}

function weight(character: string | undefined): number {
  if (character === undefined || /\d/.test(character)) return 0;
  if (character === "~") return -1;
  return /[a-z]/i.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}
