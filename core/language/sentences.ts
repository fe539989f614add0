import { IntlMessageFormat } from "intl-messageformat";
import { clip, LONGEST_WORD } from "../message/clip.ts";
import { type Inline, wordsOf } from "../message/message.ts";
import { DEFAULT_LANGUAGE, type Language } from "./language.ts";

/** What stands for a placeholder: data (clipped), pieces of a line, or a number that is counted. */
export type Value = Inline | Inline[] | number;

/** Says one sentence of a set: `say("built", { package: strong(name) })`. */
export type Say<Id extends string> = (id: Id, values?: Record<string, Value>) => Inline[];

/** The sentences of one part of the system, in all languages. */
export interface Sentences<Id extends string = string> {
  /** As written, for checks of their completeness. */
  texts: Readonly<Record<Language, Readonly<Record<Id, string>>>>;
  /** How one language says them; English without one. */
  in(language: Language | undefined): Say<Id>;
}

/**
 * Declares sentences in the ICU message format (Unicode Technical Standard #35, part 9 and ICU's
 * MessageFormat): `{name}` is a placeholder, `{count, plural, one {# day} other {# days}}` follows
 * the plural rules of the language, `<v>…</v>` marks the words that say how it stands. A language
 * that lacks a sentence does not compile; that all have the same placeholders is tested.
 */
export function sentences<Id extends string>(
  texts: Record<Language, Record<Id, string>>,
): Sentences<Id> {
  const read = new Map<string, IntlMessageFormat>();
  function format(language: Language, id: Id): IntlMessageFormat {
    const key = `${language} ${id}`;
    const known = read.get(key) ?? new IntlMessageFormat(texts[language][id], language);
    read.set(key, known);
    return known;
  }
  return {
    texts,
    in: (language = DEFAULT_LANGUAGE) => {
      return (id, values = {}) => spoken(format(language, id), values);
    },
  };
}

function spoken(format: IntlMessageFormat, values: Record<string, Value>): Inline[] {
  const given: Record<string, unknown> = { v: verdict };
  for (const [name, value] of Object.entries(values)) {
    given[name] = typeof value === "string" ? clip(value, LONGEST_WORD) : value;
  }
  const parts = format.formatToParts<Inline | Inline[]>(
    given as Record<string, Inline | Inline[] | typeof verdict>,
  );
  return parts.flatMap((part) => part.value).filter((inline) => inline !== "");
}

/** What stands between `<v>` and `</v>`: words, or pieces of a line that become words there. */
function verdict(chunks: (Inline | Inline[])[]): Inline {
  return { verdict: chunks.flat().map(wordsOf).join("") };
}
