import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";

/** A terminal in memory: what is typed, and what stands on the screen. */
export interface FakeTerminal {
  input: ReadStream;
  output: WriteStream;
  type(text: string): void;
  /** The screen's rows, empty ones at the end left out. */
  rows(): string[];
}

/** As much of ECMA-48 as readline uses; the screen is as high as it needs to be. */
export function createFakeTerminal(columns = 80): FakeTerminal {
  const input = new PassThrough();
  const output = new PassThrough();
  Object.assign(input, { isTTY: true, setRawMode: () => input });
  Object.assign(output, { isTTY: true, columns, rows: 24 });
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;

  function put(character: string): void {
    if (column >= columns) {
      row++;
      column = 0;
    }
    const line = (lines[row] ??= []);
    while (line.length < column) line.push(" ");
    line[column++] = character;
  }

  function control(final: string, parameter: string): void {
    const count = Number(parameter || 1);
    if (final === "A") row = Math.max(row - count, 0);
    else if (final === "B") row += count;
    else if (final === "C") column += count;
    else if (final === "D") column = Math.max(column - count, 0);
    else if (final === "G") column = count - 1;
    else if (final === "K") lines[row]?.splice(column);
    else if (final === "J") {
      lines[row]?.splice(column);
      lines.splice(row + 1);
    }
  }

  output.setEncoding("utf8").on("data", (text: string) => {
    const tokens = text.matchAll(/\u001b\[([0-9;?]*)([A-Za-z])|([^])/gu);
    for (const [, parameter = "", final, character] of tokens) {
      if (final !== undefined) control(final, parameter);
      else if (character === "\r") column = 0;
      else if (character === "\n") {
        row++;
        column = 0;
        lines[row] ??= [];
      } else if (character !== undefined) put(character);
    }
  });
  return {
    input: input as unknown as ReadStream,
    output: output as unknown as WriteStream,
    type: (text) => void input.write(text),
    rows: () => {
      const rows = Array.from(lines, (line) => (line ?? []).join("").trimEnd());
      while (rows.at(-1) === "") rows.pop();
      return rows;
    },
  };
}
