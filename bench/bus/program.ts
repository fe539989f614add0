import { asError } from "../../core/errors.ts";

/** Runs a program of the bench, a process of its own so that it can be measured apart. */
export function runProgram(program: (args: string[]) => Promise<void>): void {
  program(process.argv.slice(2)).catch((thrown: unknown) => {
    process.stderr.write(`${asError(thrown).stack}\n`);
    process.exitCode = 1;
  });
}

/** Says something to the bench, one JSON object a line. */
export function tell(fact: object): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}
