import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { eventRow } from "../parts/event.ts";
import { pager } from "../parts/pager.ts";
import { listEvents } from "../read/events.ts";
import type { Web } from "../web.ts";
import { checked, Digits, type Page, Word } from "./page.ts";

const ROWS = 50;
const Query = z.object({
  tag: Word,
  suite: Word,
  package: Word,
  before: Digits.optional(),
  told: z.uuid().optional().catch(undefined),
});
type Query = z.output<typeof Query>;

/** The journal, newest first, by tag, suite and package. */
export const eventsPage: Page = {
  path: "/events",
  async show(web, call) {
    const query = checked(Query, call.query);
    const found = await listEvents(query, ROWS + 1);
    const events = found.slice(0, ROWS);
    const olderThan = found.length > ROWS ? events.at(-1)?.id : undefined;
    return {
      title: "Events",
      section: "events",
      main: html`<h1>Events</h1>
        ${
          query.told === undefined
            ? ""
            : html`<p>Those that one message told. <a href="/events">Show all</a></p>`
        }
        ${filterForm(web, query)}
        ${
          events.length === 0
            ? html`<p class="empty panel">${nothing(query)}</p>`
            : html`<ol class="events panel">
                ${events.map((event) => eventRow(web.registry, event, call.now))}
              </ol>`
        }
        ${pager("/events", query, olderThan)}`,
    };
  },
};

function nothing({ tag, suite, package: name, before, told }: Query): Safe {
  if ((tag ?? suite ?? name ?? told) !== undefined) {
    return html`No event fits. <a href="/events">Show all</a>`;
  }
  return before === undefined
    ? html`Nothing has happened yet. Type <code>import</code> in the <a href="/">room</a>.`
    : html`There is nothing older. <a href="/events">Show the newest</a>`;
}

function filterForm(web: Web, query: Query): Safe {
  const tags = [...web.registry.events.keys()].toSorted();
  return html`<form class="filter" action="/events">
    ${field("tag", "Tag", query.tag, "_lk.archive.*", "tags")}
    ${field("suite", "Suite", query.suite, "unstable")}
    ${field("package", "Package", query.package, "mini")}
    ${query.told === undefined ? "" : html`<input type="hidden" name="told" value="${query.told}" />`}
    <button>Filter</button>
    <datalist id="tags">${tags.map((tag) => html`<option value="${tag}"></option>`)}</datalist>
  </form>`;
}

function field(
  name: string,
  label: string,
  value: string | undefined,
  example: string,
  list?: string,
): Safe {
  return html`<div>
    <label for="filter-${name}">${label}</label>
    <input
      id="filter-${name}"
      name="${name}"
      value="${visible(value ?? "")}"
      placeholder="${example}"
      ${list === undefined ? "" : html`list="${list}"`}
      autocapitalize="none"
      spellcheck="false"
    />
  </div>`;
}
