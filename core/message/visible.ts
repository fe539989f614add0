/**
 * Characters that are not seen, or that make others be seen as what they are not: C0 but tab and
 * line feed, DEL, C1; the line and paragraph separators; the bidi controls of Unicode UAX #9;
 * spaces without width and invisible operators; tags; halves of surrogate pairs. The joiners
 * U+200C and U+200D stay: names in Persian and Hindi need them, and emoji.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}\p{Surrogate}]/gu;

/** Makes characters that disguise what is read harmless: they become U+FFFD. */
export function visible(text: string): string {
  return text.replace(UNSEEN, "\ufffd");
}
