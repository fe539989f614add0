import { RE2JS } from "re2js";
import { z } from "zod";

/** A pattern of a rule: `*`, `?` and `[a-z]`, matched against the whole text, case counts. */
export const Glob = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._+:~/@=,^!?*[\]-]+$/, {
    message: "a name, or a pattern with * and ?, such as linux-*",
  });

const known = new Map<string, (text: string) => boolean>();
const KNOWN_LIMIT = 10_000;

/** True when the text is what the pattern says. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === text || pattern === "*") return true;
  if (!isPattern(pattern)) return false;
  let matcher = known.get(pattern);
  if (matcher === undefined) {
    if (known.size >= KNOWN_LIMIT) known.clear();
    matcher = compileGlob(pattern);
    known.set(pattern, matcher);
  }
  return matcher(text);
}

/** False for a plain name, which matches itself alone. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** A pattern as a function; it takes time in proportion to the text, whatever the pattern. */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (!isPattern(pattern)) return (text) => text === pattern;
  const start = pattern.slice(0, -1);
  if (pattern.endsWith("*") && !isPattern(start)) return (text) => text.startsWith(start);
  // As glob(7): a bracket holds at least one character, ! or ^ negates; a lone [ is itself.
  const expression = pattern.replace(
    /\[([!^]?)([^[\]][^[\]]*)\]|\*+|\?|[^*?]/gsu,
    (part, negated: string | undefined, inside: string | undefined) => {
      if (inside !== undefined) return `[${negated ? "^" : ""}${escapeClass(inside)}]`;
      if (part.startsWith("*")) return ".*";
      return part === "?" ? "." : RE2JS.quote(part);
    },
  );
  try {
    const compiled = RE2JS.compile(expression, RE2JS.DOTALL);
    return (text) => compiled.testExact(text);
  } catch {
    // A range that is none, such as [z-a].
    return () => false;
  }
}

function escapeClass(inside: string): string {
  return inside.replace(/[\\^&~]/g, "\\$&");
}
