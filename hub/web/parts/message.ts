import { html, joinHtml, type Safe } from "../../../core/html.ts";
import {
  type Block,
  type Inline,
  isWebAddress,
  layout,
  type Line,
  type Message,
  type Table,
  type Tone,
  visible,
} from "../../../core/message.ts";

/** What a tone is called where its mark cannot be seen. */
const WORDS: Record<Tone, string> = {
  good: "Good",
  bad: "Failed",
  attention: "Attention",
  neutral: "Note",
};
const MARKS: Record<Tone, string> = { good: "✓", bad: "✕", attention: "!", neutral: "i" };

/** The round mark of a tone, with its word for who cannot see it. */
export function toneBadge(tone: Tone): Safe {
  return html`<span class="mark ${tone}" aria-hidden="true">${MARKS[tone]}</span
    ><span class="unseen">${WORDS[tone]}: </span>`;
}

/** A message as a piece of a page, in the page's own style rather than that of chat clients. */
export function messageHtml(message: Message): Safe {
  return html`<div class="message ${message.tone}">
    ${layout(message).map((block) => blockHtml(block, message))}
  </div>`;
}

function blockHtml(block: Block, { tone }: Message): Safe {
  switch (block.kind) {
    case "headline":
      return html`<p class="headline">
        ${toneBadge(tone)}<span>${inlineHtml(block.inlines)}</span>
      </p>`;
    case "lines":
      return linesHtml(block.lines);
    case "table":
      return messageTable(block.table);
    case "quote":
      return html`<pre class="quote">${visible(block.lines.join("\n"))}</pre>`;
    default:
      return html`<p class="next">${inlineHtml(block.inlines)}</p>`;
  }
}

/** Answers and proof of a message as a list. */
export function linesHtml(lines: Line[]): Safe {
  return html`<ul class="details">
    ${lines.map(({ label, inlines }) => {
      return html`<li>
        ${label === undefined ? "" : html`<span class="label">${label}:</span> `}${inlineHtml(inlines)}
      </li>`;
    })}
  </ul>`;
}

/** A line of a message. Only web addresses and paths of our own become links. */
export function inlineHtml(inlines: Inline[]): Safe {
  return joinHtml(
    inlines.map((inline) => {
      if (typeof inline === "string") return visible(inline);
      if ("strong" in inline) return html`<strong>${visible(inline.strong)}</strong>`;
      if ("code" in inline) return html`<code>${visible(inline.code)}</code>`;
      if ("version" in inline) return html`<span class="version">${visible(inline.version)}</span>`;
      if ("architecture" in inline) {
        return html`<span class="architecture">${visible(inline.architecture)}</span>`;
      }
      if ("verdict" in inline) return html`<strong>${visible(inline.verdict)}</strong>`;
      return isWebAddress(inline.to)
        ? html`<a href="${inline.to}">${visible(inline.link)}</a>`
        : visible(inline.link);
    }),
  );
}

function messageTable(table: Table): Safe {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table">
    <table>
      <thead>
        <tr>
          ${table.columns.map((column) => html`<th scope="col">${visible(column)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${table.rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${visible(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
