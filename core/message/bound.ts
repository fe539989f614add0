import { clip } from "./clip.ts";
import { type Answers, type Inline, type Message, wordsOf } from "./message.ts";
import { plainLine } from "./line.ts";
import { messageWords } from "./words.ts";

/** Lines of a message. */
export const MESSAGE_LINES = 12;
/** Lines of proof that is quoted; with one for each other answer that makes twelve. */
export const PROOF_LINES = 6;
/** Characters of a line, addresses of links not counted. */
export const LINE_CHARACTERS = 240;

/**
 * The message in at most twelve lines, none of them endless: what is too much of the proof is
 * counted instead of shown. Tables are for answers to questions, and left as they are.
 */
export function bounded(message: Message): Message {
  const { details = [], quote, answers, next } = message;
  const say = messageWords.in(message.language);
  const room = proofRoom(message);
  const shown = shortList(details, details.length, quote === undefined ? room : room - 1, message);
  const quoteRoom = Math.min(PROOF_LINES, room - shown.length);
  return {
    ...message,
    headline: boundedLine(message.headline),
    ...(answers === undefined ? {} : { answers: boundedAnswers(answers) }),
    ...(shown.length === 0 ? {} : { details: shown.map(boundedLine) }),
    ...(quote === undefined
      ? {}
      : { quote: shortQuote(quote, quoteRoom, (count) => plainLine(say("moreLines", { count }))) }),
    ...(next === undefined ? {} : { next: boundedLine(next) }),
  };
}

/**
 * As many lines as there is room for; the last one says how many more there are.
 *
 * @param total how many there are, when `lines` are the first of them only
 */
export function shortList(
  lines: Inline[][],
  total: number,
  room: number,
  { language }: Pick<Message, "language">,
): Inline[][] {
  if (lines.length <= room && total <= lines.length) return lines;
  const shown = lines.slice(0, room - 1);
  return [...shown, messageWords.in(language)("more", { count: total - shown.length })];
}

/** What the lines that every answer takes leave of a message. */
function proofRoom({ answers, next }: Message): number {
  const { since, when, why, acts, shared, event } = answers ?? {};
  const taken = [since, when, why, acts, shared, next ?? event].filter((one) => one !== undefined);
  return MESSAGE_LINES - 1 - taken.length;
}

function boundedAnswers(answers: Answers): Answers {
  const isShort = (value: unknown) => !Array.isArray(value) || fits(value as Inline[]);
  if (Object.values(answers).every(isShort)) return answers;
  const bounds = Object.entries(answers).map(([name, value]) => [
    name,
    Array.isArray(value) ? boundedLine(value as Inline[]) : value,
  ]);
  return Object.fromEntries(bounds) as Answers;
}

/** A line of at most LINE_CHARACTERS; the piece that goes beyond is cut, what follows left out. */
function boundedLine(inlines: Inline[]): Inline[] {
  if (fits(inlines)) return inlines;
  const shown: Inline[] = [];
  let room = LINE_CHARACTERS;
  for (const inline of inlines) {
    const words = wordsOf(inline);
    if (words.length > room)
      return [...shown, `${clip(words, Math.max(room, 0)).replace(/…$/, "")}…`];
    room -= words.length;
    shown.push(inline);
  }
  return shown;
}

function fits(inlines: Inline[]): boolean {
  return inlines.reduce((sum, inline) => sum + wordsOf(inline).length, 0) <= LINE_CHARACTERS;
}

function shortQuote(quote: string, room: number, more: (count: number) => string): string {
  const lines = quote.split(/\r?\n/).map((text) => clip(text, LINE_CHARACTERS));
  if (lines.length <= room) return lines.join("\n");
  return [...lines.slice(0, room - 1), more(lines.length - room + 1)].join("\n");
}
