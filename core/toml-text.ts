/**
 * Data as TOML (https://toml.io/en/v1.0.0): plain values first, then tables, as people write it.
 * Takes what JSON could hold, except null.
 */
export function tomlText(document: Record<string, unknown>): string {
  return `${tableLines(document, []).join("\n").trim()}\n`;
}

function tableLines(table: Record<string, unknown>, path: string[]): string[] {
  const lines: string[] = [];
  const entries = Object.entries(table).filter(([, value]) => value !== undefined);
  for (const [key, value] of entries) {
    if (!isTables(value) && !isTable(value)) lines.push(`${keyText(key)} = ${valueText(value)}`);
  }
  for (const [key, value] of entries) {
    const inner = [...path, keyText(key)];
    if (isTable(value)) lines.push("", `[${inner.join(".")}]`, ...tableLines(value, inner));
    if (!isTables(value)) continue;
    for (const one of value) lines.push("", `[[${inner.join(".")}]]`, ...tableLines(one, inner));
  }
  return lines;
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : stringText(key);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return stringText(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  throw new Error(`a value of type ${typeof value} has no form in TOML`);
}

/** JSON's escapes are TOML's; only DEL must be escaped as well. */
function stringText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007F");
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTables(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}
