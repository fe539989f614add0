import { bounded, shortList } from "./bound.ts";
import type { Language } from "../language/language.ts";
import { type Inline, type Message, type Tone, toneMark } from "./message.ts";
import { messageWords } from "./words.ts";

/** Of lists that are the message itself, such as digests; with headline and link, twelve lines. */
const SUMMARY_LINES = 10;

/** What a digest, a storm or a flapping object is told with. */
export interface Summary {
  tone: Tone;
  headline: Inline[];
  language?: Language | undefined;
  /** Lines of counts, before the list: `12 builds failed`. */
  counts?: Inline[][];
  /** The most important ones, a line each. */
  items: Inline[][];
  /** How many there are; missing: as many as `items`. */
  total?: number;
  /** Where all of them are. */
  next?: Inline[];
}

/** One message for many: counts, the first few, how many more, and where all of them are. */
export function summaryMessage(summary: Summary): Message {
  const { tone, headline, language, counts = [], items, next } = summary;
  const known = language === undefined ? {} : { language };
  const room = SUMMARY_LINES - counts.length;
  const list = shortList(items, summary.total ?? items.length, room, known);
  const details = [...counts, ...list];
  return { tone, headline, ...known, details, ...(next === undefined ? {} : { next }) };
}

/** A message as a line of a list: its mark and its headline. */
export function itemOf(message: Message): Inline[] {
  return [`${toneMark(message.tone)} `, ...message.headline];
}

/**
 * The message, saying how many others have the same cause.
 *
 * @param where a link to all of them, if there is one
 */
export function withSharedCause(message: Message, count: number, where: Inline[] = []): Message {
  if (count < 1) return message;
  const others = messageWords.in(message.language)("others", { count });
  const shared = where.length === 0 ? others : [...others, " · ", ...where];
  return bounded({ ...message, answers: { state: "note", ...message.answers, shared } });
}
