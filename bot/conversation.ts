import type { Message } from "../core/message.ts";
import type { Operation } from "../core/model/operation.ts";
import { ask, commandLineOnly, mayRun } from "../core/operation/ask.ts";
import { parseWords, type Typed } from "../core/operation/command.ts";
import type { Caller, Environment, OperationDeclaration } from "../core/operation/declare.ts";
import { parametersOf } from "../core/operation/parameters.ts";
import type { Registry } from "../core/operation/registry.ts";
import { answerHelp } from "./commands/help.ts";
import { isForRooms, operationNamed } from "./offered.ts";
import { paginate } from "./pages.ts";
import { unknownCommand } from "./unknown.ts";
import { splitWords } from "./words.ts";

/** What a line led to: something to say, or work whose progress is to be shown. */
export type Reply = { messages: Message[] } | { queued: Operation };

/**
 * Understands a line and does what it says, as far as its speaker may.
 *
 * @param line without the address: `import bookworm --dry-run`; empty asks for help
 * @throws OperatorError for everything that the speaker can mend: a wrong word, a missing role, a
 *   refusal of the operation
 */
export async function converse(
  environment: Environment,
  caller: Caller,
  line: string,
): Promise<Reply> {
  const { registry } = environment;
  const typed = understand(registry, caller, splitWords(line));
  if ("help" in typed) return { messages: answerHelp(registry, caller, typed.help).messages };
  const outcome = await ask(environment, {
    operation: typed.operation.name,
    parameters: typed.parameters,
    caller,
    dryRun: typed.dryRun,
  });
  if ("queued" in outcome) return outcome;
  const { messages } = outcome.answer;
  // The list of commands is complete or it is wrong.
  const all = typed.all || typed.operation.name === "help";
  return { messages: paginate(messages, line.trim(), all) };
}

/** A line understood; `all`: nothing of the answer is to be left out. */
interface Line extends Typed {
  all: boolean;
}

/**
 * Understands words as a command.
 *
 * @returns the call, or the words to which help was asked for
 * @throws OperatorError `UNKNOWN_OPERATION`, `BAD_ARGUMENTS`, `CLI_ONLY`
 */
export function understand(
  registry: Registry,
  caller: Caller,
  given: string[],
): Line | { help: string[] } {
  const words = given.length === 0 ? ["help"] : given;
  const operation = operationNamed(registry, words);
  if (operation === undefined) {
    if (isGroup(registry, words)) return { help: words.slice(0, 1) };
    throw unknownCommand(registry, caller.role, words);
  }
  // Who may not use it learns that, not how it would be written.
  if (!mayRun(caller.role, operation.role)) return refused(operation, words);
  if (!isForRooms(operation)) throw commandLineOnly(operation);
  const { rest, all } = takeAll(operation, words);
  const parsed = parseWords([operation], rest, { program: "lk" });
  return "help" in parsed ? { help: operation.name.split(" ") } : { ...parsed, all };
}

/** `role` alone, `role --help`: the words are a group and no command of it. */
function isGroup(registry: Registry, words: string[]): boolean {
  const [first = "", second = "--help"] = words;
  const isHelp = second === "--help" || second === "-h" || second === "help";
  return isHelp && [...registry.operations.keys()].some((name) => name.startsWith(`${first} `));
}

/** The call as the door will refuse it, with what was typed for the audit. */
function refused(operation: OperationDeclaration, words: string[]): Line {
  return { operation, parameters: { typed: words.join(" ") }, dryRun: false, all: false };
}

/** `--all` is a word of every answer; operations that know it themselves see it too. */
function takeAll(
  operation: OperationDeclaration,
  words: string[],
): { rest: string[]; all: boolean } {
  const all = words.includes("--all");
  const knows = parametersOf(operation).some((one) => one.flag === "--all");
  if (!all || knows || operation.kind !== "answer") return { rest: words, all };
  return { rest: words.filter((word) => word !== "--all"), all };
}
