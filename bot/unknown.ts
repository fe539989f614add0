import { OperatorError } from "../core/errors.ts";
import type { Role } from "../core/operation/declare.ts";
import type { Registry } from "../core/operation/registry.ts";
import { nearestNames } from "./nearest.ts";
import { offeredTo } from "./offered.ts";

/**
 * The refusal of words that are no command. What may have been meant is only looked for among what
 * the asker may use here, and never runs by itself.
 */
export function unknownCommand(
  registry: Registry,
  role: Role | "none",
  words: string[],
): OperatorError {
  const names = offeredTo(registry, role).map((operation) => operation.name);
  const nearest = nearestNames(words, names);
  const typed = words.slice(0, groupLength(registry, words)).join(" ");
  return new OperatorError(
    "UNKNOWN_OPERATION",
    `There is no command ${shorten(typed)}.`,
    nearest.length === 0
      ? "Type help for a list."
      : `Did you mean: ${nearest.map((name) => corrected(name, words)).join(" or ")}`,
    { exitStatus: 2 },
  );
}

/** `role grnt` is named whole, as its first word alone is right. */
function groupLength(registry: Registry, words: string[]): number {
  const prefix = `${words[0] ?? ""} `;
  return [...registry.operations.keys()].some((name) => name.startsWith(prefix)) ? 2 : 1;
}

/** What was typed, with the right name: ready to be sent again. */
function corrected(name: string, words: string[]): string {
  const rest = words.slice(name.split(" ").length).map(quoted);
  return shorten([name, ...rest].join(" "), 120);
}

function quoted(word: string): string {
  if (!/[\s"']/.test(word) && word !== "") return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}

function shorten(text: string, length = 40): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
