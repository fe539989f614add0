import { z } from "zod";
import type { Inline, Message } from "../../core/message.ts";
import {
  type Answer,
  type Caller,
  declareOperation,
  type OperationDeclaration,
} from "../../core/operation/declare.ts";
import { parametersOf, usageOf } from "../../core/operation/parameters.ts";
import { mayRun } from "../../core/operation/ask.ts";
import type { Registry } from "../../core/operation/registry.ts";
import { isForRooms, offeredTo, operationNamed } from "../offered.ts";
import { unknownCommand } from "../unknown.ts";

/** What this person may do in this room, or how one of it is used. */
export const help = declareOperation({
  name: "help",
  summary: "what you can do here, and how",
  examples: ["help", "help import"],
  parameters: z.object({
    command: z
      .array(z.string())
      .default([])
      .meta({ description: "one command, or a group of them", positional: true }),
  }),
  role: "reader",
  kind: "answer",
  async run({ registry, caller }, { command }) {
    return Promise.resolve(answerHelp(registry, caller, command));
  },
});

/**
 * The help for a command, a group (`role`), or everything.
 *
 * @throws OperatorError `UNKNOWN_OPERATION` with the nearest command among those the caller may use
 */
export function answerHelp(registry: Registry, caller: Caller, words: string[]): Answer {
  if (words.length === 0) return overview(registry, caller);
  const operation = operationNamed(registry, words);
  if (operation !== undefined && isForRooms(operation)) return describe(operation, caller);
  const prefix = `${words.join(" ")} `;
  const group = offeredTo(registry, caller.role).filter((one) => one.name.startsWith(prefix));
  if (group.length === 0) throw unknownCommand(registry, caller.role, words);
  return {
    messages: [
      {
        tone: "neutral",
        headline: [{ strong: words.join(" ") }],
        table: { columns: ["command", "what it does"], rows: group.map(row) },
        next: ["help COMMAND shows how, for instance: ", { code: `help ${group[0]?.name ?? ""}` }],
      },
    ],
    data: group.map(summary),
  };
}

/** Exactly what the caller may use in this room, grouped by module, a line each. */
function overview(registry: Registry, caller: Caller): Answer {
  const offered = new Set(offeredTo(registry, caller.role));
  const rows = registry.modules.flatMap((module) =>
    (module.operations ?? [])
      .filter((operation) => offered.has(operation))
      .map((operation, place) => [place === 0 ? module.name : "", ...row(operation)]),
  );
  return {
    messages: [
      {
        tone: "neutral",
        headline: ["What you can do here as ", { strong: caller.role }],
        table: { columns: ["about", "command", "what it does"], rows },
        next: ["How to use one: ", { code: "help COMMAND" }],
      },
    ],
    data: [...offered].map(summary),
  };
}

function row(operation: OperationDeclaration): string[] {
  return [operation.name, operation.summary];
}

function summary(operation: OperationDeclaration): Record<string, unknown> {
  return { name: operation.name, summary: operation.summary, role: operation.role };
}

function describe(operation: OperationDeclaration, caller: Caller): Answer {
  const usage = usageOf(operation);
  const details: Inline[][] = [];
  if (operation.description !== undefined) details.push([operation.description]);
  details.push(["Usage: ", { code: usage }]);
  for (const example of operation.examples.slice(0, 5)) {
    details.push(["For example: ", { code: example }]);
  }
  details.push(roleLine(operation, caller));
  const rows = parametersOf(operation).map((one) => [
    one.positional ? one.name : one.flag,
    one.choices === undefined ? one.description : `${one.description} (${one.choices.join(", ")})`,
  ]);
  if (operation.kind === "work") rows.push(["--dry-run", "show the plan, write nothing"]);
  const message: Message = {
    tone: "neutral",
    headline: [{ strong: operation.name }, `: ${operation.summary}`],
    details,
    ...(rows.length === 0 ? {} : { table: { columns: ["part", "meaning"], rows } }),
  };
  return { messages: [message], data: { ...summary(operation), usage } };
}

function roleLine(operation: OperationDeclaration, caller: Caller): Inline[] {
  const has = mayRun(caller.role, operation.role)
    ? "which you have here"
    : `and here you have ${caller.role}`;
  return [`Needs the role ${operation.role}, ${has}.`];
}
