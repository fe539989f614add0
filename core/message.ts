import { escapeHtml, html, joinHtml, Safe } from "./html.ts";

/**
 * What the system says to people, before anybody knows where it will be read: a room, a mail, a
 * page or a terminal. Declarations build it from data; the renderers below turn it into text or
 * HTML, and are the only places that do.
 */
export interface Message {
  /** How it went; shown as a word-independent mark and never by colour alone. */
  tone: Tone;
  /** One line: what happened to what. */
  headline: Inline[];
  /** Further lines, each short: why, proof, who acts. At most ten. */
  details?: Inline[][];
  /** Text quoted as it came, line breaks kept: a changelog, a reason. */
  quote?: string;
  /** Rows with a heading each. */
  table?: Table;
  /** The one thing to type or to open next. */
  next?: Inline[];
}

export type Tone = "good" | "bad" | "attention" | "neutral";

/** A piece of a line. A bare string is data or words: always escaped. */
export type Inline =
  | string
  | { strong: string }
  | { code: string }
  | { version: string }
  | { architecture: string }
  | { link: string; to: string };

export interface Table {
  columns: string[];
  rows: string[][];
}

const MARKS: Record<Tone, string> = { good: "✅", bad: "❌", attention: "⚠️", neutral: "ℹ️" };
const COLOURS: Record<Tone, string | undefined> = {
  good: "#27ae60",
  bad: "#da4453",
  attention: "#f39c1f",
  neutral: undefined,
};

/** The mark of a tone, one grapheme. */
export function toneMark(tone: Tone): string {
  return MARKS[tone];
}

/** One line of plain text, without mark: for subjects and lists. */
export function plainLine(inlines: Inline[]): string {
  return inlines.map(plainInline).join("").replace(/\s+/g, " ").trim();
}

/** The whole message as plain text with `\n` line ends. Control characters are shown, not sent. */
export function renderText(message: Message): string {
  const lines = [`${MARKS[message.tone]} ${line(message.headline)}`];
  for (const detail of message.details ?? []) lines.push(`  ${line(detail)}`);
  if (message.table) lines.push(...tableText(message.table).map((row) => `  ${row}`));
  if (message.quote !== undefined) {
    lines.push(...message.quote.split(/\r?\n/).map((text) => `  | ${visible(text)}`.trimEnd()));
  }
  if (message.next) lines.push(`  → ${line(message.next)}`);
  return lines.join("\n");
}

/**
 * The message as HTML. Only tags that Matrix clients must show are used (Matrix spec,
 * client-server API, "m.room.message msgtypes": font with data-mx-color, b, code, a, ul, table).
 */
export function renderHtml(message: Message): Safe {
  const colour = COLOURS[message.tone];
  const mark = html`${MARKS[message.tone]} `;
  const headline = inlineHtml(message.headline, colour);
  const details = (message.details ?? []).map((detail) => html`<li>${inlineHtml(detail)}</li>`);
  return joinHtml([
    html`<p>${mark}${headline}</p>`,
    details.length > 0
      ? html`<ul>
          ${details}
        </ul>`
      : "",
    message.table ? tableHtml(message.table) : "",
    message.quote === undefined ? "" : html`<blockquote>${quoteHtml(message.quote)}</blockquote>`,
    message.next ? html`<p>→ ${inlineHtml(message.next)}</p>` : "",
  ]);
}

/** Makes control and direction-changing characters harmless: they become U+FFFD. */
export function visible(text: string): string {
  // C0 but tab and line feed, DEL, C1, and the bidi controls of Unicode UAX #9 that can disguise what is read.
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    "\ufffd",
  );
}

function line(inlines: Inline[]): string {
  return inlines.map(plainInline).join("").replaceAll("\n", " ");
}

function plainInline(inline: Inline): string {
  if (typeof inline === "string") return visible(inline);
  if ("strong" in inline) return visible(inline.strong);
  if ("code" in inline) return visible(inline.code);
  if ("version" in inline) return visible(inline.version);
  if ("architecture" in inline) return `⚙${visible(inline.architecture)}`;
  return inline.link === inline.to
    ? visible(inline.to)
    : `${visible(inline.link)} <${visible(inline.to)}>`;
}

function inlineHtml(inlines: Inline[], strongColour?: string): Safe {
  return joinHtml(
    inlines.map((inline) => {
      if (typeof inline === "string") return visible(inline);
      if ("strong" in inline) {
        const strong = html`<b>${visible(inline.strong)}</b>`;
        return strongColour === undefined
          ? strong
          : html`<font data-mx-color="${strongColour}" color="${strongColour}">${strong}</font>`;
      }
      if ("code" in inline) return html`<code>${visible(inline.code)}</code>`;
      if ("version" in inline) {
        return html`<font data-mx-color="#34495e" color="#34495e"
          >${visible(inline.version)}</font
        >`;
      }
      if ("architecture" in inline) {
        return html`<font data-mx-color="#31363b" color="#31363b"
          >⚙${visible(inline.architecture)}</font
        >`;
      }
      return isWebAddress(inline.to)
        ? html`<a href="${inline.to}">${visible(inline.link)}</a>`
        : visible(inline.link);
    }),
  );
}

function isWebAddress(address: string): boolean {
  return /^(https?:\/\/|mailto:|\/(?!\/))/.test(address);
}

function quoteHtml(text: string): Safe {
  return new Safe(
    text
      .split(/\r?\n/)
      .map((row) => escapeHtml(visible(row)))
      .join("<br>"),
  );
}

function tableText(table: Table): string[] {
  const rows = [table.columns, ...table.rows].map((row) => row.map(visible));
  const widths = table.columns.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function tableHtml(table: Table): Safe {
  const head = table.columns.map((column) => html`<th>${column}</th>`);
  const rows = table.rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell) => html`<td>${visible(cell)}</td>`)}
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
