import { asError } from "../../core/errors.ts";
import { linksOf } from "../links.ts";
import { renderEvent } from "../pacing/render.ts";
import { notFound } from "./failure.ts";
import { type FeedEntry, feedDocument } from "./feed.ts";
import { listEvents, type JournalEvent } from "./read/events.ts";
import { teamEvents } from "./read/team-events.ts";
import type { Server, ServerParts } from "./serving.ts";
import type { Web } from "./web.ts";

/** What a feed can be about. */
interface FeedKind {
  title(name: string): string;
  page(name: string): string;
  /** Newest first, or undefined when there is no such thing. */
  events(name: string): Promise<JournalEvent[] | undefined>;
}

/** So many events are looked at; those that tell people nothing are left out. */
const EVENTS = 100;
const ENTRIES = 50;

const KINDS: Record<string, FeedKind> = {
  package: {
    title: (name) => `News of ${name}`,
    page: (name) => `/events?package=${encodeURIComponent(name)}`,
    events: (name) => listEvents({ package: name }, EVENTS),
  },
  suite: {
    title: (name) => `News of the suite ${name}`,
    page: (name) => `/events?suite=${encodeURIComponent(name)}`,
    events: (name) => listEvents({ suite: name }, EVENTS),
  },
  team: {
    title: (name) => `News of the team ${name}`,
    page: () => "/events",
    events: (name) => teamEvents(name, EVENTS),
  },
};

/**
 * Atom feeds from the journal: `/feed/package/NAME.atom`, and the same for suites and teams. A
 * reader that has the newest state gets 304 (RFC 9110, 13.1.2 and 13.1.3).
 */
export function addFeeds(server: Server, parts: ServerParts): void {
  const { web } = parts;
  for (const [kind, about] of Object.entries(KINDS)) {
    server.get(`/feed/${kind}/:file`, async (request, reply) => {
      const { file } = request.params as { file: string };
      const name = file.endsWith(".atom") ? file.slice(0, -".atom".length) : undefined;
      const events = name === undefined ? undefined : await about.events(name);
      if (name === undefined || events === undefined) {
        throw notFound(`There is no feed ${file.slice(0, 100)}.`, "Like: /feed/package/bash.atom");
      }
      const base = linksOf(web.settings).web ?? "";
      const document = feedDocument({
        self: `${base}/feed/${kind}/${encodeURIComponent(name)}.atom`,
        page: base + about.page(name),
        title: about.title(name),
        entries: entriesOf(events, web),
        web: base,
      });
      reply.header("etag", document.etag).header("last-modified", document.updated.toUTCString());
      if (hasIt(request.headers, document)) return reply.code(304).send();
      return reply.type("application/atom+xml; charset=utf-8").send(document.text);
    });
  }
}

function entriesOf(events: readonly JournalEvent[], web: Web): FeedEntry[] {
  const { registry, settings, log } = web;
  const rendering = { registry, links: linksOf(settings) };
  const entries: FeedEntry[] = [];
  for (const event of events) {
    if (entries.length >= ENTRIES) break;
    if (registry.events.get(event.tag)?.audience === "noise") continue;
    try {
      const rendered = renderEvent(event, rendering);
      if (rendered !== undefined) entries.push({ event, ...rendered });
    } catch (thrown) {
      log.error({ err: asError(thrown), event: event.uuid, tag: event.tag }, "bad rendering");
    }
  }
  return entries;
}

/** If-Modified-Since counts only where there is no If-None-Match. */
function hasIt(
  headers: { "if-none-match"?: string | undefined; "if-modified-since"?: string | undefined },
  { etag, updated }: { etag: string; updated: Date },
): boolean {
  const known = headers["if-none-match"];
  if (known !== undefined) {
    return known.split(",").some((one) => [etag, "*"].includes(one.trim().replace(/^W\//, "")));
  }
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return !Number.isNaN(since) && Math.floor(+updated / 1_000) * 1_000 <= since;
}
