import type { Language } from "../language/language.ts";

/**
 * What the system says to people, before anybody knows where it will be read: a room, a mail, a
 * page or a terminal. Declarations build it from data; the layout puts it in order, and the
 * renderers turn that into text or HTML.
 */
export interface Message {
  /** How it went; shown as a mark beside words that say the same, and never by colour alone. */
  tone: Tone;
  /** One line: what happened to what, and how it stands. */
  headline: Inline[];
  /** The language it is written in, for what the layout adds. Missing: English. */
  language?: Language;
  /** What else a reader asks before doing something. */
  answers?: Answers;
  /** The proof: lines, each short. */
  details?: Inline[][];
  /** The proof as it came, line breaks kept: a changelog, lines of a log, a reason. */
  quote?: string;
  /** Rows with a heading each. */
  table?: Table;
  /** The one thing to type or to open next. */
  next?: Inline[];
}

/**
 * With the headline (what, and how it stands), the proof and the next step, the eight answers
 * that save the second click. What the data does not tell stays away: nothing here is guessed.
 */
export interface Answers {
  /** The verdict in one word that programs know, whatever the language of the words. */
  state: State;
  /** When what lasts began. */
  since?: Inline[];
  /** When it happened, if it does not last. */
  when?: Inline[];
  /** The root cause, in one sentence. */
  why?: Inline[];
  /** Who has to do something: a person, a role, or nobody. */
  acts?: Inline[];
  /** How many others the same cause concerns. */
  shared?: Inline[];
  /** The event itself: its id, or a link to it. */
  event?: Inline[];
}

/** Verdicts. Those of a migration are the ones Britney's classes map onto. */
export type State =
  | "ready"
  | "waiting"
  | "blocked"
  | "needs-approval"
  | "unknown"
  | "migrated"
  | "done"
  | "resolved"
  | "failed"
  | "rejected"
  | "removed"
  | "changed"
  | "working"
  | "note";

export type Tone = "good" | "bad" | "attention" | "neutral";

/** A piece of a line. A bare string is data or words: always escaped. */
export type Inline =
  | string
  | { strong: string }
  | { code: string }
  | { version: string }
  | { architecture: string }
  /** The words of a headline that say how it stands; coloured where there are colours. */
  | { verdict: string }
  | { link: string; to: string };

export interface Table {
  columns: string[];
  rows: string[][];
}

const MARKS: Record<Tone, string> = { good: "✅", bad: "❌", attention: "⚠️", neutral: "ℹ️" };

/** The mark of a tone, one grapheme. */
export function toneMark(tone: Tone): string {
  return MARKS[tone];
}

/** What a piece of a line says, without marks and addresses, as it came. */
export function wordsOf(inline: Inline): string {
  if (typeof inline === "string") return inline;
  if ("strong" in inline) return inline.strong;
  if ("code" in inline) return inline.code;
  if ("version" in inline) return inline.version;
  if ("verdict" in inline) return inline.verdict;
  return "architecture" in inline ? inline.architecture : inline.link;
}

/** Only web addresses, mail addresses and paths of our own become links. */
export function isWebAddress(address: string): boolean {
  return /^(https?:\/\/|mailto:|\/(?!\/))/.test(address);
}
