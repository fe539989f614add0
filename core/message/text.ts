import { type Block, layout, type Line } from "./layout.ts";
import { plainLine } from "./line.ts";
import { type Message, type Table, toneMark } from "./message.ts";
import { visible } from "./visible.ts";

/** The whole message as plain text with `\n` line ends. Control characters are shown, not sent. */
export function renderText(message: Message): string {
  return layout(message)
    .flatMap((block) => blockText(block, message))
    .join("\n");
}

function blockText(block: Block, { tone }: Message): string[] {
  switch (block.kind) {
    case "headline":
      return [`${toneMark(tone)} ${plainLine(block.inlines)}`];
    case "lines":
      return block.lines.map((line) => `  ${labelled(line)}`);
    case "table":
      return tableText(block.table).map((row) => `  ${row}`);
    case "quote":
      return block.lines.map((text) => `  | ${visible(text)}`.trimEnd());
    default:
      return [`  → ${plainLine(block.inlines)}`];
  }
}

function labelled({ label, inlines }: Line): string {
  return label === undefined ? plainLine(inlines) : `${label}: ${plainLine(inlines)}`;
}

function tableText(table: Table): string[] {
  const rows = [table.columns, ...table.rows].map((row) => row.map(visible));
  const widths = table.columns.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
