import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { SuiteOverview } from "../../../core/modules/archive/read.ts";
import { timeHtml } from "./time.ts";

/** A suite that was not looked at for this long is worth a look. */
const STALE_MS = 24 * 3_600_000;

/** Each suite with its counts and how fresh it is. */
export function suiteCards(suites: SuiteOverview[], now: Date): Safe {
  if (suites.length === 0) {
    return html`<p class="empty">
      No suite is known yet. Describe your archives in a file and apply it:
      <code>lk distro apply FILE</code>
    </p>`;
  }
  return html`<ul class="cards">
    ${suites.map((suite) => suiteCard(suite, now))}
  </ul>`;
}

function suiteCard(suite: SuiteOverview, now: Date): Safe {
  const { repository, components, architectures } = suite;
  const place = visible([repository, components.join(" "), architectures.join(" ")].join(" · "));
  return html`<li class="card suite">
    <h3><a href="/suites/${encodeURIComponent(suite.suite)}">${visible(suite.suite)}</a></h3>
    <p class="quiet">${place}</p>
    <dl class="figures">
      <div>
        <dt>sources</dt>
        <dd>${suite.sources.toLocaleString("en")}</dd>
      </div>
      <div>
        <dt>binaries</dt>
        <dd>${suite.binaries.toLocaleString("en")}</dd>
      </div>
    </dl>
    ${freshness(suite, now)}
  </li>`;
}

/** How up to date a suite is: a dot, and the same in words. */
export function freshness({ checkedAt, failure }: SuiteOverview, now: Date): Safe {
  const [tone, words] = verdict(checkedAt, failure, now);
  return html`<p class="freshness">
    <span class="dot ${tone}" aria-hidden="true"></span>${words}
    ${checkedAt === null ? "" : timeHtml(checkedAt, now)}
  </p>`;
}

function verdict(
  checkedAt: Date | null,
  failure: string | null,
  now: Date,
): [tone: string, words: string] {
  if (checkedAt === null)
    return ["neutral", failure === null ? "not imported yet" : "never fetched"];
  if (failure !== null) return ["bad", "failing; last seen"];
  const stale = now.getTime() - checkedAt.getTime() > STALE_MS;
  return stale ? ["attention", "stale; last seen"] : ["good", "up to date"];
}
