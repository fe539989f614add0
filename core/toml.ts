import { readFileSync } from "node:fs";
import { getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";
import type { z } from "zod";
import { asError, OperatorError } from "./errors.ts";

/**
 * Reads a TOML file against a schema.
 *
 * @returns the parsed value, defaults filled in
 * @throws OperatorError naming every fault at once, each with file, line and key: broken TOML
 *   (`TOML_SYNTAX`), an unknown key or a wrong value (`TOML_VALUE`), an unreadable file
 *   (`TOML_UNREADABLE`). Exit status 2, for it is wrong usage.
 */
export function readToml<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw new OperatorError(
      "TOML_UNREADABLE",
      `Cannot read ${file}: ${asError(thrown).message}.`,
      "Check the path and the permissions.",
      { cause: thrown, exitStatus: 2 },
    );
  }
  return parseTomlText(text, file, schema);
}

/** As `readToml`, for text that is at hand; `file` is named in errors. */
export function parseTomlText<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
): z.output<Schema> {
  const tree = parse(text, file);
  const parsed = schema.safeParse(getStaticTOMLValue(tree));
  if (parsed.success) return parsed.data;
  const lines = linesOfKeys(tree);
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, lines, file));
  throw new OperatorError(
    "TOML_VALUE",
    faults.join("\n"),
    "Compare with config.example.toml or `lk distro export`, which show every key.",
    { exitStatus: 2 },
  );
}

function parse(text: string, file: string): AST.TOMLProgram {
  try {
    return parseTOML(text);
  } catch (thrown) {
    if (!(thrown instanceof ParseError)) throw thrown;
    throw new OperatorError(
      "TOML_SYNTAX",
      `${file}:${thrown.lineNumber}:${thrown.column + 1}: not valid TOML: ${thrown.message}.`,
      "Mend that line; https://toml.io shows the syntax.",
      { exitStatus: 2, cause: thrown },
    );
  }
}

type Path = readonly PropertyKey[];

function faultsOf(issue: z.core.$ZodIssue, lines: Map<string, number>, file: string): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${file}:${lineOf(lines, path)}: unknown key ${keyName(path)}.`;
    });
  }
  return [
    `${file}:${lineOf(lines, issue.path)}: ${keyName(issue.path)}: ${issue.message}.`.replace(
      /\.\.$/,
      ".",
    ),
  ];
}

function keyName(path: Path): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else name += name === "" ? String(part) : `.${String(part)}`;
  }
  return name === "" ? "the file" : name;
}

/** The line of the key, or of the nearest table around it when the key is missing. */
function lineOf(lines: Map<string, number>, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(JSON.stringify(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return 1;
}

function linesOfKeys(tree: AST.TOMLProgram): Map<string, number> {
  const lines = new Map<string, number>();
  for (const node of tree.body[0].body) {
    if (node.type === "TOMLTable") {
      // Also the tables around it: of [[suite]] the key is "suite", of its first "suite", 0.
      for (let length = 1; length <= node.resolvedKey.length; length++) {
        const key = JSON.stringify(node.resolvedKey.slice(0, length));
        if (!lines.has(key)) lines.set(key, node.loc.start.line);
      }
      for (const entry of node.body) addKeyValue(lines, node.resolvedKey, entry);
    } else {
      addKeyValue(lines, [], node);
    }
  }
  return lines;
}

function addKeyValue(lines: Map<string, number>, prefix: Path, entry: AST.TOMLKeyValue): void {
  const path = [
    ...prefix,
    ...entry.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value)),
  ];
  lines.set(JSON.stringify(path), entry.loc.start.line);
  addValue(lines, path, entry.value);
}

function addValue(lines: Map<string, number>, path: Path, value: AST.TOMLContentNode): void {
  if (value.type === "TOMLArray") {
    value.elements.forEach((element, index) => {
      lines.set(JSON.stringify([...path, index]), element.loc.start.line);
      addValue(lines, [...path, index], element);
    });
  } else if (value.type === "TOMLInlineTable") {
    for (const inner of value.body) addKeyValue(lines, path, inner);
  }
}
