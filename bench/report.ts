import { cpus, release, totalmem } from "node:os";
import columnify from "columnify";

/** One line of a table: what was measured, and its figures. */
export type Line = Record<string, string>;

/** Prints a table to standard output, in Markdown when asked, for docs/performance.md. */
export function printTable(title: string, lines: readonly Line[], markdown: boolean): void {
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  if (!markdown) {
    const table = columnify([...lines], {
      columns,
      columnSplitter: "  ",
      config: Object.fromEntries(columns.slice(1).map((name) => [name, { align: "right" }])),
    });
    write(`\n${title}\n\n${table}\n`);
    return;
  }
  const row = (cells: string[]): string => `| ${cells.join(" | ")} |\n`;
  const rule = columns.map((_, at) => (at === 0 ? "---" : "--:"));
  const body = lines.map((line) => row(columns.map((name) => line[name] ?? "")));
  write(`\n${title}\n\n${row(columns)}${row(rule)}${body.join("")}`);
}

/** The machine, for the reader who compares. */
export function machineLine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  return (
    `${date}, ${cpus().length} × ${first?.model.trim() ?? "unknown processor"}, ${memory} GiB, ` +
    `Linux ${release()}, Node ${process.version}`
  );
}

/** Seconds with as many digits as mean something. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** How many times as long something took. */
export function ratio(value: number, base: number): string {
  return base === 0 ? "" : `${(value / base).toFixed(2)} ×`;
}

/** The middle one of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2;
}

function write(text: string): void {
  process.stdout.write(text);
}
