import { SingleBar } from "cli-progress";
import prettyBytes from "pretty-bytes";
import { renderText } from "../message.ts";
import type { Answer, Progress } from "../operation/declare.ts";

/** Where a command writes: answers to `out`, everything else to `err`. */
export interface Terminal {
  out: NodeJS.WritableStream;
  err: NodeJS.WritableStream & { isTTY?: boolean };
  json: boolean;
}

/** Prints an answer: one JSON document with --json, else its lines or messages. */
export function printAnswer(terminal: Terminal, answer: Answer): void {
  if (terminal.json) return printJson(terminal, answer.data);
  const lines = answer.lines ?? answer.messages.map(renderText);
  for (const line of lines) terminal.out.write(`${line}\n`);
}

/** Prints one JSON value on a line. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out.write(`${JSON.stringify(value, bigintAsText)}\n`);
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** A bar on standard error while work goes on; silent when that is no terminal. */
export function createProgressBar(terminal: Terminal): {
  update: (progress: Progress) => void;
  stop: () => void;
} {
  if (terminal.err.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: terminal.err,
    format: "{step} [{bar}] {percentage} % {amount} {eta_formatted}",
    hideCursor: true,
    clearOnComplete: true,
  });
  let started = false;
  return {
    update: ({ step, done, total, unit }) => {
      const payload = { step, amount: amountOf(done, unit) };
      if (!started) bar.start(total ?? 1, done ?? 0, payload);
      started = true;
      bar.setTotal(total ?? Math.max(done ?? 0, 1));
      bar.update(done ?? 0, payload);
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

function amountOf(done: number | undefined, unit: Progress["unit"]): string {
  if (done === undefined) return "";
  return unit === "bytes" ? prettyBytes(done) : done.toLocaleString("en");
}
