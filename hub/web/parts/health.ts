import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { Health, HealthReport } from "../health.ts";
import { countOf } from "./time.ts";

const LOOKS: Record<Health["state"], [tone: string, word: string]> = {
  ok: ["good", "well"],
  off: ["neutral", "off"],
  failing: ["bad", "failing"],
};

/** The verdict in one line, and a pill for each part of the system, with its reason if it fails. */
export function healthStrip(report: HealthReport, failingSuites: number): Safe {
  return html`<h1>${verdictOf(report, failingSuites)}</h1>
    <ul class="pills">
      ${report.parts.map((part) => {
        const [tone, word] = LOOKS[part.state];
        const detail = visible(part.detail);
        return html`<li class="pill ${tone}" title="${detail}">
          <span class="dot ${tone}" aria-hidden="true"></span>${part.name}
          <span class="${part.state === "ok" ? "unseen" : "quiet"}">${word}</span>
          ${part.state === "failing" ? html`<span class="reason">${detail}</span>` : ""}
        </li>`;
      })}
    </ul>`;
}

function verdictOf({ parts }: HealthReport, failingSuites: number): string {
  const failing = parts.filter((part) => part.state === "failing").map((part) => part.name);
  if (failing.length > 1) return `${failing.length} parts need attention`;
  if (failing.length === 1) return `${failing[0]} needs attention`;
  if (failingSuites > 0) return `${countOf(failingSuites, "suite")} cannot be imported`;
  return "All is well";
}
