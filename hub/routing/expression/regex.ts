import { RE2JS } from "re2js";
import { asError } from "../../../core/errors.ts";

/** Instructions at most; matching takes at most this times the length of the text. */
const LARGEST_PROGRAM = 1_000;
/** Longer texts match no regular expression. */
export const LONGEST_TEXT = 4_096;

/**
 * A regular expression in RE2's syntax, which has no way to take more than linear time. It must
 * match the whole text, as in Alertmanager.
 *
 * @returns a fault in words, or a function
 */
export function compileRegex(
  source: string,
):
  | { fault: string; matches?: undefined }
  | { fault?: undefined; matches: (text: string) => boolean } {
  try {
    const compiled = RE2JS.compile(source, RE2JS.DOTALL);
    if (compiled.programSize() > LARGEST_PROGRAM)
      return { fault: "the regular expression is too large" };
    return { matches: (text) => text.length <= LONGEST_TEXT && compiled.testExact(text) };
  } catch (thrown) {
    const reason = asError(thrown).message.replace(/^error parsing regexp: /, "");
    return { fault: `the regular expression is wrong: ${reason}` };
  }
}
