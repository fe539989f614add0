import { z } from "zod";
import { Config } from "./config.ts";

interface Section {
  description?: string;
  properties?: Record<string, Section>;
  enum?: string[];
  additionalProperties?: unknown;
}

const HEAD = `# Laniakea: what belongs to this one machine. Every key is here with its default; a key that has
# no default is shown commented out. Everything about the distribution is in the database instead:
# see "lk distro apply --help". Relative paths are below the data directory (--data, default ./var).
`;

/** The text of config.example.toml: every key of the schema, its default, one line about it. */
export function exampleConfig(): string {
  const schema = z.toJSONSchema(Config, { io: "input", unrepresentable: "any" }) as Section;
  const plain: string[] = [];
  const sections: string[] = [];
  const defaults = Config.parse({}) as Record<string, unknown>;
  for (const [name, section] of Object.entries(schema.properties ?? {})) {
    const text = tableOrKey([name], section, defaults[name]);
    (section.properties || section.additionalProperties ? sections : plain).push(text);
  }
  return [HEAD, ...plain, ...sections].join("\n");
}

function tableOrKey(path: string[], section: Section, value: unknown): string {
  const name = path.at(-1) ?? "";
  if (section.properties === undefined) {
    if (section.additionalProperties === undefined) return keyLines(name, section, value);
    return `[${path.join(".")}]\n# ${section.description ?? ""}\n# import = "*/30 * * * *"\n`;
  }
  const values = value as Record<string, unknown>;
  const entries = Object.entries(section.properties);
  const keys = entries.filter(([, one]) => one.properties === undefined);
  const tables = entries.filter(([, one]) => one.properties !== undefined);
  return [
    `[${path.join(".")}]`,
    ...keys.map(([key, one]) => keyLines(key, one, values[key])),
    ...tables.map(([key, one]) => tableOrKey([...path, key], one, values[key])),
  ].join("\n");
}

function keyLines(name: string, section: Section, value: unknown): string {
  const choices = section.enum === undefined ? "" : ` (${section.enum.join(", ")})`;
  const line = value === undefined ? `# ${name} = ""` : `${name} = ${tomlValue(value)}`;
  return `# ${section.description ?? ""}${choices}\n${line}\n`;
}

function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  return JSON.stringify(value);
}
