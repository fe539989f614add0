import { OperatorError } from "../../../core/errors.ts";
import { versionFault } from "../../../core/debian/version.ts";
import { EVERYTHING, type Expression, FIELDS, type Operator, type Term } from "./expression.ts";
import { compileRegex } from "./regex.ts";

/** What people are told when an expression cannot be read. */
export const EXPRESSION_HELP =
  "suite = sid and (package ~ linux-* or not version << 2.0); also in (a, b), =~ regex, has FIELD. " +
  `Fields: ${Object.keys(FIELDS).join(" ")} data.NAME`;

const LONGEST = 2_000;
const MOST_TERMS = 100;
const DEEPEST = 30;

/**
 * Reads what a rule asks of an event.
 *
 *     or   = and { "or" and }          and  = not { "and" not }
 *     not  = "not" not | "(" or ")" | term
 *     term = FIELD ("=" | "!=" | "~" | "=~" | "<<" | "<=" | ">=" | ">>") VALUE
 *          | FIELD "in" "(" VALUE { "," VALUE } ")" | "has" FIELD
 *
 * A value is a word without spaces, commas and parentheses, or stands in double quotes. Nothing
 * at all holds for every event.
 *
 * @throws OperatorError `BAD_EXPRESSION`, which names the character where it went wrong
 */
export function parseExpression(text: string): Expression {
  if (text.length > LONGEST) throw fault(text, LONGEST, `it is longer than ${LONGEST} characters`);
  if (text.trim() === "") return EVERYTHING;
  return new Reader(text).whole();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #terms = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Expression {
    const expression = this.#or(0);
    if (this.#at < this.#text.length) throw this.#wrong("expected and, or, or the end");
    return expression;
  }

  #or(depth: number): Expression {
    return this.#list("or", "any", () => this.#and(depth));
  }

  #and(depth: number): Expression {
    return this.#list("and", "all", () => this.#not(depth));
  }

  #list(word: string, kind: "all" | "any", read: () => Expression): Expression {
    const parts = [read()];
    while (this.#word(word)) parts.push(read());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind, parts };
  }

  #not(depth: number): Expression {
    if (depth > DEEPEST) throw this.#wrong(`nested deeper than ${DEEPEST} levels`);
    if (this.#word("not")) return { kind: "not", part: this.#not(depth + 1) };
    if (!this.#sign("(")) return this.#term();
    const inner = this.#or(depth + 1);
    if (!this.#sign(")")) throw this.#wrong("expected )");
    return inner;
  }

  #term(): Expression {
    if (++this.#terms > MOST_TERMS) throw this.#wrong(`more than ${MOST_TERMS} comparisons`);
    if (this.#word("has")) {
      return { kind: "term", field: this.#field(), operator: "has", values: [] };
    }
    const field = this.#field();
    if (this.#word("in")) return { kind: "term", field, operator: "=", values: this.#set() };
    const sign = this.#take(/!=|!~|=~|=|~|<<|<=|>=|>>|<|>/y);
    if (sign === undefined) throw this.#wrong("expected one of = != ~ =~ << <= >= >> in");
    if (sign === "!~") throw this.#back(sign, "write not before it: not package ~ linux-*");
    if (sign === "<" || sign === ">") {
      throw this.#back(sign, `write ${sign}${sign} or ${sign}=, as Debian's relations are`);
    }
    const operator = (sign === "!=" ? "=" : sign) as Operator;
    const term: Term = { kind: "term", field, operator, values: [this.#value(operator)] };
    return sign === "!=" ? { kind: "not", part: term } : term;
  }

  #field(): string {
    const start = this.#at;
    const name = this.#take(/[A-Za-z_][\w.-]*/y);
    if (name === undefined) throw this.#wrong("expected a field");
    if (Object.hasOwn(FIELDS, name) || /^data(\.[^.]+)+$/.test(name)) return name;
    this.#at = start;
    this.#space();
    throw this.#wrong(`there is no field ${name}; one of the event's data is data.${name}`);
  }

  #set(): string[] {
    if (!this.#sign("(")) throw this.#wrong("expected ( and a list of values");
    const values = [this.#value("=")];
    while (this.#sign(",")) {
      if (++this.#terms > MOST_TERMS) throw this.#wrong(`more than ${MOST_TERMS} comparisons`);
      values.push(this.#value("="));
    }
    if (!this.#sign(")")) throw this.#wrong("expected , or )");
    return values;
  }

  #value(operator: Operator): string {
    this.#space();
    const start = this.#at;
    const quoted = this.#take(/"(?:[^"\\]|\\.)*"/sy);
    const word = quoted?.slice(1, -1).replace(/\\(.)/gs, "$1") ?? this.#take(/[^\s(),"]+/y);
    if (word === undefined) throw this.#wrong("expected a value");
    const refused = valueFault(operator, word);
    if (refused === undefined) return word;
    this.#at = start;
    throw this.#wrong(refused);
  }

  /** A keyword that ends where a word ends. */
  #word(word: string): boolean {
    return this.#take(new RegExp(`${word}(?![\\w.-])`, "iy")) !== undefined;
  }

  #sign(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    this.#space();
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    this.#space();
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) return undefined;
    this.#at += found.length;
    this.#space();
    return found;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #back(sign: string, what: string): OperatorError {
    this.#at = this.#text.lastIndexOf(sign, this.#at);
    return this.#wrong(what);
  }

  #wrong(what: string): OperatorError {
    return fault(this.#text, this.#at, what);
  }
}

function valueFault(operator: Operator, value: string): string | undefined {
  if (operator === "=~") return compileRegex(value).fault;
  if (!["<<", "<=", ">=", ">>"].includes(operator)) return undefined;
  const wrong = versionFault(value);
  return wrong === undefined || isNumber(value) ? undefined : `${value} is no version: ${wrong}`;
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

function fault(text: string, at: number, what: string): OperatorError {
  const rest = text.slice(at, at + 20);
  const where = rest === "" ? "at the end" : `at character ${at + 1}, before ${rest}`;
  return new OperatorError(
    "BAD_EXPRESSION",
    `The expression cannot be read ${where}: ${what}.`,
    `For example: ${EXPRESSION_HELP}`,
    { exitStatus: 2 },
  );
}
