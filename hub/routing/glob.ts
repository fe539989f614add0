import picomatch from "picomatch";
import { z } from "zod";

/**
 * A pattern of a rule: `*`, `?` and `[a-z]`, matched against the whole text, case counts. Nothing
 * else is special, and three stars are the limit: more could take minutes on a text made for it.
 */
export const Glob = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._+:~/@=,^!?*[\]-]+$/, {
    message: "a name, or a pattern with * and ?, such as linux-*",
  })
  .refine((text) => text.split("*").length <= 4, { message: "a pattern has at most three *" });

/** Names in Debian are far shorter; longer texts match no pattern. */
const LONGEST_TEXT = 200;
const OPTIONS = {
  bash: true,
  dot: true,
  nobrace: true,
  noextglob: true,
  nonegate: true,
  strictSlashes: true,
} as const;
const known = new Map<string, (text: string) => boolean>();
const KNOWN_LIMIT = 10_000;

/** True when the text is what the pattern says. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === text || pattern === "*") return true;
  if (text.length > LONGEST_TEXT || !/[*?[]/.test(pattern)) return false;
  let matcher = known.get(pattern);
  if (matcher === undefined) {
    if (known.size >= KNOWN_LIMIT) known.clear();
    matcher = compile(pattern);
    known.set(pattern, matcher);
  }
  return matcher(text);
}

function compile(pattern: string): (text: string) => boolean {
  // Parentheses would be taken as regular expressions; what passes the door has none.
  if (!Glob.safeParse(pattern).success) return () => false;
  const matcher = picomatch(escapeGlob(pattern), OPTIONS);
  return (text) => matcher(text);
}

/** Leaves `*`, `?` and `[…]` as they are; the library reads `++` and more in its own way. */
function escapeGlob(pattern: string): string {
  return pattern
    .replace(/\*+/g, "*")
    .replace(/\[!?[^\]]+\]|[^\w*?]/g, (part) =>
      part.length > 1 ? part.replace(/^\[!/, "[^") : `\\${part}`,
    );
}
