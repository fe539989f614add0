import { sentences } from "../language/sentences.ts";

/** What the layout adds to messages. */
export const messageWords = sentences({
  en: {
    since: "Since",
    when: "When",
    why: "Why",
    acts: "Acts",
    shared: "Same cause",
    event: "event",
    others: "{count, plural, one {# other} other {# others}}",
    more: "and {count, plural, other {# more}}",
    moreLines: "… {count, plural, one {# more line} other {# more lines}}",
  },
  de: {
    since: "Seit",
    when: "Wann",
    why: "Warum",
    acts: "Am Zug",
    shared: "Gleiche Ursache",
    event: "Ereignis",
    others: "{count, plural, one {# weiterer Fall} other {# weitere Fälle}}",
    more: "und {count, plural, one {# weiteres} other {# weitere}}",
    moreLines: "… {count, plural, one {# weitere Zeile} other {# weitere Zeilen}}",
  },
});
