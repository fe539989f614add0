import { createHash } from "node:crypto";
import { html, type Safe } from "../../core/html.ts";
import { plainLine, renderHtml, visible } from "../../core/message.ts";
import type { RenderedEvent } from "../pacing/render.ts";
import type { JournalEvent } from "./read/events.ts";

/** One line of a feed. */
export interface FeedEntry extends RenderedEvent {
  event: JournalEvent;
}

export interface Feed {
  /** Its own address, which is its id as well. */
  self: string;
  /** The page that shows the same. */
  page: string;
  title: string;
  /** Newest first. */
  entries: readonly FeedEntry[];
  /** Base address of our pages. */
  web: string;
}

/** A feed as it is sent. */
export interface FeedDocument {
  text: string;
  /** Strong: the same bytes. */
  etag: string;
  updated: Date;
}

/**
 * An Atom feed (RFC 4287). The id of an entry is the uuid of its event, so that it stays the same
 * wherever and how often it is read.
 */
export function feedDocument(feed: Feed): FeedDocument {
  const { self, page, title, entries, web } = feed;
  // A feed without entries was never updated; the field is mandatory all the same.
  const updated = new Date(Math.max(0, ...entries.map(({ event }) => +event.receivedAt)));
  const body = html`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
    <id>${self}</id>
    <title>${xmlText(title)}</title>
    <updated>${updated.toISOString()}</updated>
    <link rel="self" type="application/atom+xml" href="${self}" />
    <link rel="alternate" type="text/html" href="${page}" />
    <author><name>Laniakea</name></author>
    ${entries.map((entry) => entryXml(entry, web))}
  </feed> `;
  const text = `<?xml version="1.0" encoding="utf-8"?>\n${body.text}`;
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 27)}"`;
  return { text, etag, updated };
}

function entryXml({ event, message, subject }: FeedEntry, web: string): Safe {
  const packages = subject.packages ?? [];
  return html`<entry>
    <id>urn:uuid:${event.uuid}</id>
    <title>${xmlText(plainLine(message.headline))}</title>
    <updated>${event.receivedAt.toISOString()}</updated>
    <link rel="alternate" type="text/html" href="${web}/events/${event.uuid}" />
    <category term="${xmlText(event.tag)}" />
    ${packages.slice(0, 20).map((name) => html`<category term="${xmlText(name)}" />`)}
    <content type="html">${xmlText(renderHtml(message).text)}</content>
  </entry>`;
}

/** Without what XML 1.0 has no way to write (section 2.2): controls, half pairs, non-characters. */
function xmlText(text: string): string {
  return visible(text).replace(/[\p{Surrogate}\ufffe\uffff]/gu, "\ufffd");
}
