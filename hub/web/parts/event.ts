import { understand } from "../../../core/events/catalogue.ts";
import { html, type Safe } from "../../../core/html.ts";
import { layout, type Message, visible } from "../../../core/message.ts";
import type { Registry } from "../../../core/operation/registry.ts";
import type { JournalEvent } from "../read/events.ts";
import { inlineHtml, linesHtml, toneBadge } from "./message.ts";
import { timeHtml } from "./time.ts";

/** At most this many lines of an event in a list; its own page has all. */
const LISTED_LINES = 2;

/** What an event says to people; one that has nothing to tell them is shown by its kind. */
export function eventMessage(registry: Registry, event: JournalEvent): Message {
  const understood = understand(registry.events, event.tag, event.data);
  // The pages are at the root of the address, so links need nothing before the path.
  const message = understood.render({ web: "" });
  if (message !== null) return message;
  const summary = understood.declaration?.summary;
  return {
    tone: "neutral",
    headline: [{ strong: event.tag }],
    details: summary === undefined ? [] : [[summary]],
  };
}

/** One row of the stream. Its id lets the client see whether it has the row already. */
export function eventRow(registry: Registry, event: JournalEvent, now: Date): Safe {
  const message = eventMessage(registry, event);
  const lines = layout(message).flatMap((block) => (block.kind === "lines" ? block.lines : []));
  return html`<li id="event-${event.id}" class="event ${message.tone}">
    <p class="headline">${toneBadge(message.tone)}<span>${inlineHtml(message.headline)}</span></p>
    <a class="when" href="/events/${event.uuid}">${timeHtml(event.receivedAt, now)}</a>
    ${lines.length === 0 ? "" : linesHtml(lines.slice(0, LISTED_LINES))}
    <code class="tag">${visible(event.tag)}</code>
  </li>`;
}
