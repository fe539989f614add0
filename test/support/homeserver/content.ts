import type { Content } from "./world.ts";

/** The value when it is an object, else an empty one: for reading what clients sent. */
export function record(value: unknown): Content {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Content)
    : {};
}

export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function strings(value: unknown): string[] | undefined {
  return Array.isArray(value)
    ? value.filter((one): one is string => typeof one === "string")
    : undefined;
}
