import test from "ava";
import { z } from "zod";
import { OperatorError } from "../../../core/errors.ts";
import { parseWords, type Typed } from "../../../core/operation/command.ts";
import { declareOperation } from "../../../core/operation/declare.ts";
import { usageOf } from "../../../core/operation/parameters.ts";

function run(): Promise<{ messages: []; data: null }> {
  return Promise.resolve({ messages: [], data: null });
}

const load = declareOperation({
  name: "import",
  summary: "import suites",
  examples: ["import bookworm"],
  parameters: z.object({
    suites: z.array(z.string()).default([]).meta({ description: "suites", positional: true }),
    maxAge: z.int().optional().meta({ description: "days" }),
    force: z.boolean().default(false).meta({ description: "again" }),
  }),
  role: "operator",
  kind: "work",
  run,
});
const grant = declareOperation({
  name: "role grant",
  summary: "give a role",
  examples: ["role grant operator @a:example.org"],
  parameters: z.object({
    role: z.enum(["reader", "operator"]).meta({ description: "role", positional: true }),
    who: z.string().meta({ description: "who", positional: true }),
  }),
  role: "admin",
  kind: "act",
  run,
});
const operations = [load, grant];

function typed(...words: string[]): Typed {
  const parsed = parseWords(operations, words, { program: "lk" });
  if ("help" in parsed) throw new Error(parsed.help);
  return parsed;
}

function refusal(...words: string[]): OperatorError {
  try {
    typed(...words);
  } catch (thrown) {
    if (thrown instanceof OperatorError) return thrown;
    throw thrown;
  }
  throw new Error("it was understood");
}

test("places, flags, numbers and switches become parameters", (t) => {
  const line = typed("import", "a", "b", "--max-age", "3", "--force", "--dry-run");
  t.is(line.operation, load);
  t.true(line.dryRun);
  t.deepEqual(line.parameters, { suites: ["a", "b"], maxAge: 3, force: true });
});

test("a name of two words is a group and its command", (t) => {
  t.deepEqual(typed("role", "grant", "reader", "@a:b").parameters, { role: "reader", who: "@a:b" });
});

test("a typo is answered with the nearest command and never run", (t) => {
  const error = refusal("imprt", "a");
  t.is(error.code, "UNKNOWN_OPERATION");
  t.regex(error.message, /imprt.*Did you mean import\?/);
});

test("a wrong flag is named, with usage and an example that works", (t) => {
  const error = refusal("import", "--forec");
  t.is(error.code, "BAD_ARGUMENTS");
  t.regex(error.message, /--forec.*Did you mean --force/);
  t.regex(error.hint ?? "", /Usage: import \[suites\.\.\.\].*\nFor example: import bookworm/);
});

test("a missing word and one too many are named", (t) => {
  t.regex(refusal("role", "grant", "reader").message, /who/);
  t.is(refusal("role", "grant", "reader", "@a:b", "c").code, "BAD_ARGUMENTS");
});

test("help is text, not a failure", (t) => {
  const parsed = parseWords(operations, ["import", "--help"], { program: "lk" });
  t.true("help" in parsed && parsed.help.includes("import bookworm"));
  const group = parseWords(operations, ["role"], { program: "lk" });
  t.true("help" in group && group.help.includes("grant"));
});

test("usage shows what may be left out", (t) => {
  t.is(usageOf(load), "import [suites...] [--max-age <maxAge>] [--force] [--dry-run]");
  t.is(usageOf(grant), "role grant <role> <who>");
});
