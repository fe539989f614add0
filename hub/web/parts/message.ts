import { html, joinHtml, type Safe } from "../../../core/html.ts";
import {
  type Inline,
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
  const details = message.details ?? [];
  return html`<div class="message ${message.tone}">
    <p class="headline">${toneBadge(message.tone)}<span>${inlineHtml(message.headline)}</span></p>
    ${
      details.length === 0
        ? ""
        : html`<ul class="details">
            ${details.map((detail) => html`<li>${inlineHtml(detail)}</li>`)}
          </ul>`
    }
    ${message.table === undefined ? "" : messageTable(message.table)}
    ${message.quote === undefined ? "" : html`<pre class="quote">${visible(message.quote)}</pre>`}
    ${message.next === undefined ? "" : html`<p class="next">${inlineHtml(message.next)}</p>`}
  </div>`;
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
      return /^(https?:\/\/|mailto:|\/(?!\/))/.test(inline.to)
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
