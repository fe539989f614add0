import { openDatabase } from "../database/open.ts";
import { explainError, OperatorError } from "../errors.ts";
import { admit, checkParameters, runAtOnce } from "../operation/ask.ts";
import type { Typed } from "../operation/command.ts";
import type { Answer, Caller, Environment } from "../operation/declare.ts";
import { describeOperation } from "../operation/describe.ts";
import { perform } from "../operation/perform.ts";
import { cancelled } from "../operation/runner.ts";
import { createProgressDisplay } from "./progress.ts";
import { printAnswer, type Terminal } from "./terminal.ts";

/**
 * Runs one operation for the command line, to its end, and prints the answer.
 *
 * @param prepare called after the database is open, for models that are not core's
 * @returns the exit status: 0 done, 1 failed
 * @throws OperatorError as `ask` does
 */
export async function runOperation(
  environment: Environment,
  typed: Typed,
  terminal: Terminal,
  caller: Caller,
  prepare: () => Promise<void> | void,
): Promise<number> {
  if (typed.operation.standalone === true) {
    const parameters = checkParameters(typed.operation, typed.parameters);
    const admitted = { declaration: typed.operation, parameters, caller, dryRun: false };
    return finish(terminal, await runAtOnce(environment, admitted));
  }
  const open = await openDatabase(environment.settings);
  try {
    await prepare();
    return await runWithDatabase(environment, typed, terminal, caller);
  } finally {
    await open.close();
  }
}

async function runWithDatabase(
  environment: Environment,
  typed: Typed,
  terminal: Terminal,
  caller: Caller,
): Promise<number> {
  const admitted = await admit(environment.registry, {
    operation: typed.operation.name,
    parameters: typed.parameters,
    caller,
    dryRun: typed.dryRun,
  });
  const stop = stopOnSignal();
  if (typed.operation.kind !== "work") {
    return finish(terminal, await runAtOnce(environment, admitted, stop.signal));
  }
  const display = createProgressDisplay(terminal);
  const operation = await perform(admitted, {
    environment,
    signal: stop.signal,
    onProgress: display.update,
  }).finally(display.stop);
  if (operation?.answer) return finish(terminal, operation.answer);
  const error = operation?.error;
  if (error) throw new OperatorError(error.code, error.message, error.hint);
  terminal.err.write(
    operation === undefined ? "Stopped before it began.\n" : `${describe(operation)}\n`,
  );
  return 1;
}

function describe(operation: Parameters<typeof describeOperation>[0]): string {
  return describeOperation(operation)
    .headline.map((inline) => (typeof inline === "string" ? inline : Object.values(inline)[0]))
    .join("");
}

function finish(terminal: Terminal, answer: Answer): number {
  printAnswer(terminal, answer);
  return answer.failed === true ? 1 : 0;
}

/** The first interrupt cancels the operation, so that it ends tidily; the second ends at once. */
function stopOnSignal(): AbortController {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(cancelled("the command line")));
  }
  return controller;
}

/** What a failed command prints on standard error, and its exit status. */
export function failure(thrown: unknown, terminal: Terminal): number {
  if (thrown instanceof OperatorError) {
    terminal.err.write(`lk: ${explainError(thrown)}\n`);
    return thrown.exitStatus;
  }
  const stack = thrown instanceof Error ? thrown.stack : String(thrown);
  terminal.err.write(`lk: internal error, please report it:\n${stack}\n`);
  return 70;
}
