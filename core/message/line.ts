import type { Inline } from "./message.ts";
import { visible } from "./visible.ts";

/** One line of plain text, without mark, whatever line breaks the data has. */
export function plainLine(inlines: Inline[]): string {
  return inlines.map(plainInline).join("").replace(/\s+/g, " ").trim();
}

/** A piece of a line; links show where they lead. */
function plainInline(inline: Inline): string {
  if (typeof inline === "string") return visible(inline);
  if ("strong" in inline) return visible(inline.strong);
  if ("code" in inline) return visible(inline.code);
  if ("version" in inline) return visible(inline.version);
  if ("verdict" in inline) return visible(inline.verdict);
  if ("architecture" in inline) return `⚙${visible(inline.architecture)}`;
  return inline.link === inline.to
    ? visible(inline.to)
    : `${visible(inline.link)} <${visible(inline.to)}>`;
}
