import { renderText } from "../message.ts";
import type { Answer } from "../operation/declare.ts";

export const PROGRESS_MODES = ["bar", "json", "none"] as const;
/** Bars, on a terminal only; a JSON object a second; or nothing. */
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** Where a command writes: answers to `out`, everything else to `err`. */
export interface Terminal {
  out: NodeJS.WritableStream;
  err: NodeJS.WritableStream & { isTTY?: boolean };
  json: boolean;
  /** How progress is shown on \`err\`. */
  progress: ProgressMode;
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
