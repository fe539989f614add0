import { Argument, Command, CommanderError, Option } from "commander";
import { OperatorError } from "../errors.ts";
import type { OperationDeclaration } from "./declare.ts";
import { type Parameter, parametersOf, usageOf } from "./parameters.ts";

/** What was typed, understood: still unchecked values, as `ask` takes them. */
export interface Typed {
  operation: OperationDeclaration;
  parameters: Record<string, unknown>;
  dryRun: boolean;
}

/**
 * Understands a line of words as one of the operations. The command line and the chat share this
 * grammar; HTTP takes the same parameters as JSON.
 *
 * @param words   the line, split: `["import", "bookworm", "--dry-run"]`
 * @returns the call, or a help text when that was asked for (`import --help`, a bare group)
 * @throws OperatorError `UNKNOWN_OPERATION` or `BAD_ARGUMENTS`: names the word, shows the usage and
 *   one example that works
 */
export function parseWords(
  operations: Iterable<OperationDeclaration>,
  words: string[],
  options: { program: string },
): Typed | { help: string } {
  let typed: Typed | undefined;
  const written: string[] = [];
  const program = new Command(options.program);
  quieten(program, written);
  const list = [...operations];
  addOperations(program, list, (call) => {
    typed = call;
  });
  try {
    program.parse(words, { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0 || thrown.code === "commander.help")
      return { help: written.join("") };
    throw understandable(thrown, list, words);
  }
  return typed ?? { help: program.helpInformation() };
}

/**
 * Adds a command for each operation; names of two words become a group and its command.
 *
 * @param act called with what was typed
 */
export function addOperations(
  program: Command,
  operations: Iterable<OperationDeclaration>,
  act: (typed: Typed) => void | Promise<void>,
): void {
  for (const operation of operations) {
    const [first = "", second] = operation.name.split(" ");
    const parent = second === undefined ? program : groupOf(program, first);
    const command = commandFor(second ?? first, operation, act);
    parent.addCommand(command.copyInheritedSettings(parent));
  }
}

function groupOf(program: Command, name: string): Command {
  const found = program.commands.find((command) => command.name() === name);
  if (found !== undefined) return found;
  const group = new Command(name).description(`${name} commands`);
  program.addCommand(group.copyInheritedSettings(program));
  return group;
}

function commandFor(
  name: string,
  operation: OperationDeclaration,
  act: (typed: Typed) => void | Promise<void>,
): Command {
  const parameters = parametersOf(operation);
  const command = new Command(name)
    .summary(operation.summary)
    .description(operation.description ?? operation.summary)
    .allowExcessArguments(false);
  for (const parameter of parameters) {
    if (parameter.positional) command.addArgument(argumentFor(parameter));
    else command.addOption(optionFor(parameter));
  }
  if (operation.kind === "work") command.option("--dry-run", "show the plan, write nothing");
  command.addHelpText("after", examplesText(operation));
  command.action(async (...given: unknown[]) => {
    const flags = command.opts<Record<string, unknown>>();
    const values: Record<string, unknown> = {};
    parameters
      .filter((parameter) => parameter.positional)
      .forEach((parameter, place) => assign(values, parameter, given[place]));
    parameters
      .filter((parameter) => !parameter.positional)
      .forEach((parameter) => assign(values, parameter, flags[parameter.name]));
    await act({ operation, parameters: values, dryRun: flags["dryRun"] === true });
  });
  return command;
}

function assign(values: Record<string, unknown>, parameter: Parameter, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return;
  const isNumber =
    parameter.kind === "number" && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
  values[parameter.name] = isNumber ? Number(value) : value;
}

function argumentFor(parameter: Parameter): Argument {
  const name = parameter.kind === "list" ? `${parameter.name}...` : parameter.name;
  const written = parameter.required ? `<${name}>` : `[${name}]`;
  return new Argument(written, parameter.description);
}

function optionFor(parameter: Parameter): Option {
  const value = { boolean: "", list: " <value...>", text: " <value>", number: " <number>" };
  const option = new Option(parameter.flag + value[parameter.kind], parameter.description);
  if (parameter.choices !== undefined && parameter.kind === "text")
    option.choices(parameter.choices);
  return option.makeOptionMandatory(parameter.required);
}

function examplesText(operation: OperationDeclaration): string {
  const lines = operation.examples.map((example) => `  ${example}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

function quieten(command: Command, written: string[]): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => written.push(text),
    writeErr: (text) => written.push(text),
    outputError: () => undefined,
  });
}

function understandable(
  thrown: CommanderError,
  operations: OperationDeclaration[],
  words: string[],
): OperatorError {
  const sentence = thrown.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const unknown = thrown.code === "commander.unknownCommand";
  const operation = operations
    .filter((one) => words.join(" ").startsWith(one.name))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  const hint =
    operation === undefined || unknown
      ? "Type help for a list."
      : `Usage: ${usageOf(operation)}\nFor example: ${operation.examples[0] ?? operation.name}`;
  return new OperatorError(
    unknown ? "UNKNOWN_OPERATION" : "BAD_ARGUMENTS",
    `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`.replace(/\)\.$/, ")"),
    hint,
    { exitStatus: 2 },
  );
}
