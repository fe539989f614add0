import { parseArgsStringToArgv } from "string-argv";
import { OperatorError } from "../core/errors.ts";

/**
 * Splits a line into words as a shell would: white space separates, single and double quotes keep
 * together, and nothing else means anything (no variables, no backslashes).
 *
 * @throws OperatorError `UNTERMINATED_QUOTE` with the quote in question, `SEVERAL_LINES`
 */
export function splitWords(line: string): string[] {
  const text = line.trim();
  const quote = openQuote(text);
  if (quote !== undefined) {
    const rest = text.slice(quote);
    const shown = rest.length > 30 ? `${rest.slice(0, 30)}…` : rest;
    throw new OperatorError(
      "UNTERMINATED_QUOTE",
      `The quote that begins at ${shown} has no end.`,
      `Close it with another ${text.charAt(quote)}, or leave it out.`,
      { exitStatus: 2 },
    );
  }
  if (/[\r\n]/.test(withoutQuoted(text))) {
    throw new OperatorError(
      "SEVERAL_LINES",
      "A message is one command, and this one has several lines.",
      "Send each command as a message of its own.",
      { exitStatus: 2 },
    );
  }
  // Phones write two hyphens as a dash.
  return parseArgsStringToArgv(text).map((word) => word.replace(/^[–—](?=\w)/, "--"));
}

/** Where the quote begins that nothing closes, by the rules of string-argv. */
function openQuote(text: string): number | undefined {
  let open: number | undefined;
  for (let place = 0; place < text.length; place++) {
    const character = text.charAt(place);
    if (open !== undefined) {
      if (character === text.charAt(open)) open = undefined;
    } else if (character === '"' || character === "'") {
      open = place;
    }
  }
  return open;
}

function withoutQuoted(text: string): string {
  return text.replace(/"[^"]*"|'[^']*'/g, "");
}
