/**
 * Characters that are not seen, or that make others be seen as what they are not: C0 but tab and
 * line feed, DEL, C1; line and paragraph separators; what Unicode calls ignorable when it is not
 * supported (bidi controls of UAX #9, spaces without width, fillers, tags); noncharacters; halves
 * of surrogate pairs. The joiners U+200C and U+200D and variation selectors stay: Persian, Hindi
 * and emoji need them.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}|\p{Surrogate}/gu;

/** Makes characters that disguise what is read harmless: they become U+FFFD. */
export function visible(text: string): string {
  return text.replace(UNSEEN, "\ufffd");
}
