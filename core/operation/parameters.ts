import { z } from "zod";
import type { OperationDeclaration } from "./declare.ts";

/** One parameter as people type it, drawn from the zod declaration. */
export interface Parameter {
  /** As in the schema: `buildArch`. */
  name: string;
  /** As typed: `--build-arch`. */
  flag: string;
  description: string;
  /** Given by its place instead of its flag. */
  positional: boolean;
  required: boolean;
  kind: "text" | "number" | "boolean" | "list";
  choices?: string[];
  /** What completion may offer: "suite", "repository", "package", "operation", "file". */
  complete?: string;
}

interface Property {
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  positional?: boolean;
  complete?: string;
  default?: unknown;
  anyOf?: Property[];
}

/** The parameters of an operation in the order of declaration, positional ones first. */
export function parametersOf(operation: OperationDeclaration): Parameter[] {
  const schema = z.toJSONSchema(operation.parameters, { io: "input", unrepresentable: "any" });
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Property>);
  const required = new Set(schema.required);
  const all = properties.map(([name, property]) => parameter(name, property, required.has(name)));
  return [...all.filter((one) => one.positional), ...all.filter((one) => !one.positional)];
}

function parameter(name: string, property: Property, required: boolean): Parameter {
  const choices = property.enum?.map(String);
  return {
    name,
    flag: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    description: property.description ?? "",
    positional: property.positional === true,
    required,
    kind: kindOf(property),
    ...(choices === undefined ? {} : { choices }),
    ...(property.complete === undefined ? {} : { complete: property.complete }),
  };
}

function kindOf(property: Property): Parameter["kind"] {
  const types = [property.type ?? property.anyOf?.map((one) => one.type) ?? []].flat(2);
  if (types.includes("array")) return "list";
  if (types.includes("boolean")) return "boolean";
  if (types.includes("number") || types.includes("integer")) return "number";
  return "text";
}

/** How an operation is called: `import [suites...] [--repository <value>] [--dry-run]`. */
export function usageOf(operation: OperationDeclaration): string {
  const words = parametersOf(operation).map((one) => {
    if (one.positional) {
      const name = one.kind === "list" ? `${one.name}...` : one.name;
      return one.required ? `<${name}>` : `[${name}]`;
    }
    const flag =
      one.kind === "boolean" ? one.flag : `${one.flag} <${one.choices?.join("|") ?? one.name}>`;
    return one.required ? flag : `[${flag}]`;
  });
  if (operation.kind === "work") words.push("[--dry-run]");
  return [operation.name, ...words].join(" ");
}
