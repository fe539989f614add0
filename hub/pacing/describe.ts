import type { Inline, Message } from "../../core/message.ts";
import type { Preference } from "./preference.ts";

/** How a destination is told, for people. */
export function describePreference(destination: string, preference: Preference): Message {
  const { quiet, digest, budget, zone } = preference;
  const lines: Inline[][] = [];
  if (digest !== undefined) lines.push([`Digest ${digestWords(digest)}`]);
  if (quiet !== undefined) lines.push([`Quiet from ${quiet.from} to ${quiet.to} ${zone}`]);
  lines.push([budgetWords(budget)]);
  return {
    tone: "neutral",
    headline: ["How ", { code: destination }, " is told:"],
    details: lines,
    next: ["To change it: digest, quiet, budget"],
  };

  function digestWords({ at, after }: NonNullable<Preference["digest"]>): string {
    const parts = at.length === 0 ? [] : [`at ${at.join(", ")} ${zone}`];
    if (after !== undefined) parts.push(`when ${after} have gathered`);
    return parts.join(", and ");
  }
}

function budgetWords(budget: Preference["budget"]): string {
  if (budget === undefined) return "Every event by itself, however many";
  const { messages, seconds } = budget;
  const span = seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
  return `At most ${messages} messages at once, as many again in ${span}; the rest in a summary`;
}
