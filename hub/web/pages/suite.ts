import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { type SuiteOverview, suiteOverview } from "../../../core/modules/archive/read.ts";
import { notFound } from "../failure.ts";
import { eventRow } from "../parts/event.ts";
import { factList } from "../parts/package.ts";
import { freshness } from "../parts/suite.ts";
import { countOf, momentHtml } from "../parts/time.ts";
import { listEvents } from "../read/events.ts";
import type { Page } from "./page.ts";

const EVENTS = 50;

/** A suite by its name or alias, in each repository that has one of that name. */
export const suitePage: Page = {
  path: "/suites/:name",
  async show(web, { params, now }) {
    const { name = "" } = params;
    const all = await suiteOverview();
    const suites = all.filter((one) => one.suite === name || one.alias === name);
    const [first] = suites;
    if (first === undefined) {
      throw notFound(`There is no suite ${name} here.`, "See those there are: /");
    }
    const events = await listEvents({ suite: first.suite }, EVENTS);
    return {
      title: visible(first.suite),
      section: "packages",
      main: html`<h1>${visible(first.suite)}</h1>
        ${suites.map((suite) => suiteHtml(suite, now))}
        <section aria-labelledby="events-title">
          <div class="heading">
            <h2 id="events-title">Events</h2>
            <a href="/events?suite=${encodeURIComponent(first.suite)}">All of them</a>
          </div>
          ${
            events.length === 0
              ? html`<p class="empty panel">No event names it yet.</p>`
              : html`<ol class="events panel">
                  ${events.map((event) => eventRow(web.registry, event, now))}
                </ol>`
          }
        </section>`,
    };
  },
};

function suiteHtml(suite: SuiteOverview, now: Date): Safe {
  const { sources, binaries, udebs } = suite;
  return html`<section class="panel">
    <h2>${visible(suite.repository)}</h2>
    ${freshness(suite, now)}
    ${suite.failure === null ? "" : html`<p class="error">${visible(suite.failure)}</p>`}
    ${factList([
      ["Holds", `${countOf(sources, "source")}, ${countOf(binaries, "binary", "binaries")}`],
      ["For the installer", udebs === 0 ? "" : countOf(udebs, "udeb")],
      ["Components", suite.components.join(" ")],
      ["Architectures", suite.architectures.join(" ")],
      ["Codename", suite.codename],
      ["Version", suite.version],
      ["Released", suite.releaseDate === null ? null : momentHtml(suite.releaseDate, now)],
      ["Imported", momentHtml(suite.importedAt, now)],
      ["Looked at", momentHtml(suite.checkedAt, now)],
      ["Failing since", suite.failingSince === null ? null : momentHtml(suite.failingSince, now)],
    ])}
  </section>`;
}
