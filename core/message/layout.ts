import { plainLine } from "./line.ts";
import type { Inline, Message, Table } from "./message.ts";
import { messageWords } from "./words.ts";

/** A part of a message as readers see it: each is a line, but quotes and tables have several. */
export type Block =
  | { kind: "headline" | "next"; inlines: Inline[] }
  | { kind: "lines"; lines: Line[] }
  | { kind: "table"; table: Table }
  | { kind: "quote"; lines: string[] };

/** A line of the middle; answers have a label, proof has none. */
export interface Line {
  label?: string;
  inlines: Inline[];
}

/**
 * THE order of what a message says, the same in text, HTML, mail and pages: what and how it
 * stands; since when; why; proof; who acts; how many share the cause; what to do, and the event.
 */
export function layout(message: Message): Block[] {
  const { headline, answers, details = [], table, quote } = message;
  const answer = answerLines(message);
  const blocks: Block[] = [{ kind: "headline", inlines: headline }];
  addLines(blocks, [
    ...answer("since", answers?.since),
    ...answer("when", answers?.when),
    ...answer("why", answers?.why),
    ...details.map((inlines) => ({ inlines })),
  ]);
  if (table !== undefined) blocks.push({ kind: "table", table });
  if (quote !== undefined) blocks.push({ kind: "quote", lines: quote.split(/\r?\n/) });
  addLines(blocks, [...answer("acts", answers?.acts), ...answer("shared", answers?.shared)]);
  const last = lastLine(message);
  if (last.length > 0) blocks.push({ kind: "next", inlines: last });
  return blocks;
}

function answerLines({ language }: Message) {
  const say = messageWords.in(language);
  return (id: "since" | "when" | "why" | "acts" | "shared", inlines?: Inline[]): Line[] =>
    inlines === undefined ? [] : [{ label: plainLine(say(id)), inlines }];
}

function addLines(blocks: Block[], lines: Line[]): void {
  if (lines.length > 0) blocks.push({ kind: "lines", lines });
}

function lastLine({ next = [], answers }: Message): Inline[] {
  const event = answers?.event ?? [];
  return next.length === 0 || event.length === 0 ? [...next, ...event] : [...next, " · ", ...event];
}
