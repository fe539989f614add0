import { type Inline, type Message, renderHtml, renderText } from "../core/message.ts";

/** What a room can take in one answer before it stops being read. */
const ROWS = 20;
const LINES = 20;
const MESSAGES = 10;
/** Half of what a Matrix event may weigh, for text and HTML together (65,536 bytes in all). */
const MAX_BYTES = 32 * 1024;
/** A cell or line longer than this is data gone wild. */
const LONGEST_TEXT = 2_000;

/**
 * An answer as a room gets it: shortened, with the command that shows the rest, or (`all`) in as
 * many messages as it takes.
 *
 * @param command what was typed, to which ` --all` can be added
 */
export function paginate(messages: Message[], command: string, all: boolean): Message[] {
  if (all) return messages.flatMap(split);
  const shown = messages.slice(0, MESSAGES).map((message) => shorten(message, command));
  const hidden = messages.length - shown.length;
  if (hidden > 0) shown.push({ tone: "neutral", headline: moreLine(hidden, command) });
  return shown.flatMap(split);
}

function shorten(message: Message, command: string): Message {
  const { table, quote } = message;
  const lines = quote?.split(/\r?\n/) ?? [];
  const rows = table?.rows ?? [];
  const hidden = Math.max(rows.length - ROWS, 0) + Math.max(lines.length - LINES, 0);
  if (hidden === 0) return message;
  // The last line of a message is its only place below a table.
  const { next, ...rest } = message;
  const details = next === undefined ? rest.details : [...(rest.details ?? []), next];
  return {
    ...rest,
    ...(details === undefined ? {} : { details }),
    ...(table === undefined ? {} : { table: { ...table, rows: rows.slice(0, ROWS) } }),
    ...(quote === undefined ? {} : { quote: lines.slice(0, LINES).join("\n") }),
    next: moreLine(hidden, command),
  };
}

function moreLine(hidden: number, command: string): Inline[] {
  return [`… ${hidden.toLocaleString("en")} more: `, { code: `${command} --all` }];
}

/** Cuts a message in two as often as it takes; rows and lines stay whole. */
function split(message: Message): Message[] {
  if (weight(message) <= MAX_BYTES) return [message];
  const { tone, headline, details, table, quote, next } = message;
  const continued = { tone, headline: [...headline, " (continued)"] };
  const [rows, moreRows] = halves(table?.rows);
  const [lines, moreLines] = halves(quote?.split(/\r?\n/));
  const [said, moreSaid] = halves(details);
  if (table !== undefined && moreRows !== undefined) {
    const first = { tone, headline, details, table: { ...table, rows } };
    return both(first, { ...continued, table: { ...table, rows: moreRows }, quote, next });
  }
  if (moreLines !== undefined) {
    const first = { tone, headline, details, table, quote: lines.join("\n") };
    return both(first, { ...continued, quote: moreLines.join("\n"), next });
  }
  if (moreSaid !== undefined) {
    const first = { tone, headline, details: said };
    return both(first, { ...continued, details: moreSaid, table, quote, next });
  }
  return [cutText(message)];
}

type Loose = { [Key in keyof Message]: Message[Key] | undefined };

function both(first: Loose, second: Loose): Message[] {
  return [first, second].flatMap((loose) => {
    const given = Object.entries(loose).filter(([, value]) => value !== undefined);
    return split(Object.fromEntries(given) as unknown as Message);
  });
}

/** The second half is undefined when there is nothing to halve. */
function halves<Item>(items: Item[] = []): [Item[], Item[] | undefined] {
  if (items.length < 2) return [items, undefined];
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** What even alone weighs too much loses its end. */
function cutText(message: Message): Message {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    typeof value === "string" && value.length > LONGEST_TEXT
      ? `${value.slice(0, LONGEST_TEXT)}…`
      : value,
  );
  return JSON.parse(text) as Message;
}

function weight(message: Message): number {
  return Buffer.byteLength(renderText(message)) + Buffer.byteLength(renderHtml(message).text);
}
