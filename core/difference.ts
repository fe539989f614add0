import type { Inline, Message } from "./message.ts";

/** One line of what applying a file would change: `+ suite demo:demo`, `~ keyring of demo: a → b`. */
export interface Difference {
  sign: "+" | "-" | "~";
  text: string;
}

/**
 * What was changed, or with a dry run would be.
 *
 * @param next what to do after a change
 */
export function differenceMessage(
  differences: readonly Difference[],
  dryRun: boolean,
  next: Inline[],
): Message {
  if (differences.length === 0) {
    return { tone: "neutral", headline: ["Nothing to change: it is so already."] };
  }
  const count = `${differences.length} ${differences.length === 1 ? "change" : "changes"}`;
  return {
    tone: dryRun ? "neutral" : "good",
    headline: [dryRun ? `Would make ${count}` : `Made ${count}`],
    quote: differences.map(({ sign, text }) => `${sign} ${text}`).join("\n"),
    ...(dryRun ? {} : { next }),
  };
}
