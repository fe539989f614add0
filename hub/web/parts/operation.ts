import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { Operation, OperationState } from "../../../core/model/operation.ts";
import type { Progress } from "../../../core/operation/declare.ts";
import { progressLines } from "../../../core/operation/progress-words.ts";
import { messageHtml } from "./message.ts";
import { momentHtml, timeHtml } from "./time.ts";

const STATES: Record<OperationState, [tone: string, word: string]> = {
  queued: ["neutral", "waits"],
  running: ["busy", "running"],
  done: ["good", "done"],
  failed: ["bad", "failed"],
  cancelled: ["attention", "cancelled"],
};

/** A list of operations with state, progress and, for who may, a button that stops them. */
export function operationList(operations: Operation[], mayCancel: boolean, now: Date): Safe {
  return html`<ul class="operations">
    ${operations.map((operation) => operationRow(operation, mayCancel, now))}
  </ul>`;
}

function operationRow(operation: Operation, mayCancel: boolean, now: Date): Safe {
  const { number, error } = operation;
  const isOpen = operation.state === "queued" || operation.state === "running";
  return html`<li class="operation">
    <p class="headline">
      <a href="/operations/${number}">${operationTitle(operation)}</a>
      <span class="quiet">#${number}</span> ${stateBadge(operation)}
    </p>
    <p class="when">${timeHtml(operation.finishedAt ?? operation.createdAt, now)}</p>
    ${operation.state === "running" ? progressHtml(operation) : ""}
    ${error === null ? "" : html`<p class="error">${visible(error.message)}</p>`}
    <p class="quiet">asked for by ${visible(operation.caller)}</p>
    ${isOpen && mayCancel ? cancelForm(operation) : ""}
  </li>`;
}

/** `import demo`: the name and the words that were given. */
export function operationTitle(operation: Operation): Safe {
  const words = Object.values(operation.parameters)
    .flat()
    .filter((value) => typeof value === "string" || typeof value === "number");
  return html`<strong>${operation.name}</strong> ${visible(words.join(" "))}`;
}

export function stateBadge(operation: Operation): Safe {
  const [tone, word] = STATES[operation.state as OperationState];
  const stopping = operation.state === "running" && operation.cancelRequestedBy !== null;
  const dry = operation.dryRun ? html` <span class="badge neutral">dry run</span>` : "";
  return html`<span class="badge ${tone}">${stopping ? "is being cancelled" : word}</span>${dry}`;
}

/** The bar of a running operation and the same in words. */
export function progressHtml(operation: Operation): Safe {
  const progress = operation.progress ?? { step: "Starting" };
  const share = shareOf(progress);
  const lines = progressLines(progress).map((line) => visible(line.replace(/ [▓░]+/, "")));
  const words = lines.map((line) => html`<p class="quiet">${line}</p>`);
  const label = `Progress of ${operation.name} #${operation.number}`;
  return share === undefined
    ? html`<progress aria-label="${label}"></progress> ${words}`
    : html`<progress aria-label="${label}" max="100" value="${share}">${share} %</progress>
        ${words}`;
}

function shareOf({ done, total }: Progress): number | undefined {
  if (done === undefined || total === undefined || total === 0) return undefined;
  return Math.min(Math.floor((done / total) * 100), 100);
}

export function cancelForm(operation: Operation): Safe {
  const { number, name } = operation;
  return html`<form method="post" action="/operations/${number}/cancel">
    <button id="cancel-${number}" class="small" aria-label="Cancel ${name} #${number}">
      Cancel
    </button>
  </form>`;
}

/** What runs and waits, then the last that ended. */
export function operationsPanel(
  open: Operation[],
  ended: Operation[],
  mayCancel: boolean,
  now: Date,
): Safe {
  return html`${
    open.length === 0
      ? html`<p class="empty">Nothing is running and nothing waits.</p>`
      : operationList(open, mayCancel, now)
  }
  ${
    ended.length === 0
      ? ""
      : html`<h3 class="minor">Ended lately</h3>
          ${operationList(ended, mayCancel, now)}`
  }`;
}

/** All about one operation. */
export function operationDetails(operation: Operation, mayCancel: boolean, now: Date): Safe {
  const { error, answer } = operation;
  const isOpen = operation.state === "queued" || operation.state === "running";
  return html`<p class="state">${stateBadge(operation)}</p>
    ${operation.state === "running" ? progressHtml(operation) : ""}
    ${
      error === null
        ? ""
        : messageHtml({
            tone: "bad",
            headline: [error.message],
            ...(error.hint === undefined ? {} : { next: [error.hint] }),
          })
    }
    ${answer === null ? "" : answer.messages.map((message) => messageHtml(message))}
    ${isOpen && mayCancel ? cancelForm(operation) : ""}
    <dl class="facts">
      <dt>Asked for</dt>
      <dd>${momentHtml(operation.createdAt, now)} by ${visible(operation.caller)}</dd>
      <dt>Started</dt>
      <dd>${momentHtml(operation.startedAt, now)}</dd>
      <dt>Ended</dt>
      <dd>${momentHtml(operation.finishedAt, now)}</dd>
      <dt>Came by</dt>
      <dd>
        ${operation.origin}${operation.room === null ? "" : html`, ${visible(operation.room)}`}
      </dd>
      <dt>Parameters</dt>
      <dd><code>${visible(JSON.stringify(operation.parameters))}</code></dd>
      <dt>Locks</dt>
      <dd>${operation.locks.length === 0 ? "none" : visible(operation.locks.join(", "))}</dd>
      <dt>Attempts</dt>
      <dd>${operation.attempts}</dd>
    </dl>`;
}
