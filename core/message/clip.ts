/** So much of one datum is shown. */
export const LONGEST_WORD = 200;

/** The beginning of a text, with an ellipsis when something is missing. */
export function clip(text: string, length: number): string {
  // Never between the halves of a surrogate pair.
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`;
}
