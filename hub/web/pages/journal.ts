import { html, type Safe } from "../../../core/html.ts";
import type { Message } from "../../../core/message.ts";
import { jobState } from "../../../core/modules/jobs/status.ts";
import { notFound } from "../failure.ts";
import { eventMessage } from "../parts/event.ts";
import { messageHtml } from "../parts/message.ts";
import { timeHtml } from "../parts/time.ts";
import { eventsAbout, type JournalEvent } from "../read/events.ts";
import type { Web } from "../web.ts";
import { checked, type Page, type PageCall, Uuid } from "./page.ts";

/**
 * Addresses of Laniakea's own pages, which events, mails and other sites link to: what the
 * journal knows about the thing, newest word first.
 */
export const excusePage: Page = {
  path: "/migrations/excuse/:uuid",
  show: (web, call) => journalPage(web, call, "Migration excuse"),
};

export const jobPage: Page = {
  path: "/jobs/job/:uuid",
  show: (web, call) => journalPage(web, call, "Job", jobState),
};

export const dependencyIssuePage: Page = {
  path: "/depcheck/:repository/:suite/issue/:uuid",
  show: (web, call) => journalPage(web, call, "Dependency issue"),
};

/** @param stateOf what the database knows about the thing itself, where it is one of ours */
async function journalPage(
  web: Web,
  { params, now }: PageCall,
  what: string,
  stateOf?: (uuid: string) => Promise<Message | undefined>,
) {
  const uuid = checked(Uuid, params["uuid"]).toLowerCase();
  const events = await eventsAbout(uuid);
  const latest = events.at(-1);
  const state =
    (await stateOf?.(uuid)) ?? (latest === undefined ? null : eventMessage(web.registry, latest));
  if (state === null) {
    throw notFound(
      `Nothing was said about the ${what.toLowerCase()} ${uuid}.`,
      "Events may have come before this journal began. Look among those it has: /events",
    );
  }
  return {
    title: what,
    section: "events" as const,
    main: html`<p class="crumbs"><a href="/events">Events</a></p>
      <h1>${what}</h1>
      <p class="quiet"><code>${uuid}</code></p>
      <div class="panel">${messageHtml(state)}</div>
      <section aria-labelledby="history-title">
        <h2 id="history-title">What was said about it</h2>
        <ol class="timeline panel">
          ${events.toReversed().map((event) => historyRow(web, event, now))}
        </ol>
      </section>`,
  };
}

function historyRow(web: Web, event: JournalEvent, now: Date): Safe {
  return html`<li>
    <a class="when" href="/events/${event.uuid}">${timeHtml(event.receivedAt, now)}</a>
    ${messageHtml(eventMessage(web.registry, event))}
  </li>`;
}
