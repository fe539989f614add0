import { html, joinHtml, Safe } from "../html.ts";
import { type Block, layout, type Line } from "./layout.ts";
import {
  type Inline,
  isWebAddress,
  type Message,
  type Table,
  type Tone,
  toneMark,
} from "./message.ts";
import { visible } from "./visible.ts";

const COLOURS: Record<Tone, string | undefined> = {
  good: "#27ae60",
  bad: "#da4453",
  attention: "#f39c1f",
  neutral: undefined,
};

const BREAK = new Safe("<br>");

/** How colours are written: Matrix clients know their own attribute only, mail readers CSS only. */
export type Dialect = "matrix" | "mail";

/**
 * The message as HTML. Only tags and attributes that Matrix clients must show are used (Matrix
 * client-server API, "m.room.message msgtypes": span with data-mx-color, b, code, a, ul, table);
 * `mail` colours by `style` instead.
 */
export function renderHtml(message: Message, dialect: Dialect = "matrix"): Safe {
  return joinHtml(layout(message).map((block) => blockHtml(block, message, dialect)));
}

function blockHtml(block: Block, { tone }: Message, dialect: Dialect): Safe {
  switch (block.kind) {
    case "headline":
      return html`<p>${toneMark(tone)} ${inlineHtml(block.inlines, { tone, dialect })}</p>`;
    case "lines":
      return html`<ul>
        ${block.lines.map((line) => html`<li>${lineHtml(line)}</li>`)}
      </ul>`;
    case "table":
      return tableHtml(block.table);
    case "quote":
      return html`<blockquote>${joinHtml(block.lines.map(visible), BREAK)}</blockquote>`;
    default:
      return html`<p>→ ${inlineHtml(block.inlines)}</p>`;
  }
}

function lineHtml({ label, inlines }: Line): Safe {
  const words = inlineHtml(inlines);
  return label === undefined ? words : html`${label}: ${words}`;
}

interface Paint {
  tone: Tone;
  dialect: Dialect;
}

function inlineHtml(inlines: Inline[], paint?: Paint): Safe {
  return joinHtml(
    inlines.map((inline) => {
      if (typeof inline === "string") return visible(inline);
      if ("strong" in inline) return html`<b>${visible(inline.strong)}</b>`;
      if ("code" in inline) return html`<code>${visible(inline.code)}</code>`;
      if ("version" in inline) return visible(inline.version);
      if ("verdict" in inline) return verdictHtml(visible(inline.verdict), paint);
      if ("architecture" in inline) return `⚙${visible(inline.architecture)}`;
      return isWebAddress(inline.to)
        ? html`<a href="${inline.to}">${visible(inline.link)}</a>`
        : visible(inline.link);
    }),
  );
}

function verdictHtml(words: string, paint: Paint | undefined): Safe {
  const strong = html`<b>${words}</b>`;
  const colour = paint && COLOURS[paint.tone];
  if (colour === undefined) return strong;
  return paint?.dialect === "mail"
    ? html`<span style="color: ${colour}">${strong}</span>`
    : html`<span data-mx-color="${colour}">${strong}</span>`;
}

function tableHtml(table: Table): Safe {
  const head = table.columns.map((column) => html`<th>${visible(column)}</th>`);
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
