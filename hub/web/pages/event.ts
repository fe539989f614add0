import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { notFound } from "../failure.ts";
import { eventMessage } from "../parts/event.ts";
import { messageHtml } from "../parts/message.ts";
import { momentHtml, timeHtml } from "../parts/time.ts";
import { deliveriesOf, type EventDelivery } from "../read/deliveries.ts";
import { eventByUuid } from "../read/events.ts";
import { checked, type Page, Uuid } from "./page.ts";

const ORIGINS = {
  local: "made by this system",
  submitted: "submitted to our Lighthouse",
  bus: "heard on the bus",
  relayed: "relayed from another Lighthouse",
};
const STATES: Record<EventDelivery["state"], [tone: string, word: string]> = {
  pending: ["busy", "on its way"],
  sent: ["good", "sent"],
  dead: ["bad", "given up"],
  cancelled: ["neutral", "not sent"],
};

/** One event: what it says, who heard of it and why, and the text that was signed. */
export const eventPage: Page = {
  path: "/events/:uuid",
  async show(web, { params, now }) {
    const event = await eventByUuid(checked(Uuid, params["uuid"]));
    if (event === undefined) {
      throw notFound(
        "No event with this id is in the journal.",
        "Look for it among all events: /events",
      );
    }
    const deliveries = await deliveriesOf(event.id);
    return {
      title: event.tag,
      section: "events",
      main: html`<p class="crumbs"><a href="/events">Events</a></p>
        <h1>Event</h1>
        <div class="panel">${messageHtml(eventMessage(web.registry, event))}</div>
        <dl class="facts">
          <dt>Tag</dt>
          <dd>
            <a href="/events?tag=${encodeURIComponent(event.tag)}"
              ><code>${visible(event.tag)}</code></a
            >
          </dd>
          <dt>Time</dt>
          <dd>${momentHtml(event.time, now)}</dd>
          <dt>Received</dt>
          <dd>${momentHtml(event.receivedAt, now)}, ${ORIGINS[event.origin]}</dd>
          <dt>Signed by</dt>
          <dd>
            ${event.signer === null ? "nobody yet" : html`<code>${visible(event.signer)}</code>`}
          </dd>
          <dt>Id</dt>
          <dd><code>${event.uuid}</code>, number ${event.id} of the journal</dd>
        </dl>
        <section aria-labelledby="heard-title">
          <h2 id="heard-title">Who heard of it, and why</h2>
          ${deliveryTable(deliveries, event.isRouted, now)}
        </section>
        <section aria-labelledby="raw-title">
          <h2 id="raw-title">As it was signed</h2>
          <pre class="raw" tabindex="0" aria-labelledby="raw-title">${visible(event.body)}</pre>
        </section>`,
    };
  },
};

function deliveryTable(deliveries: EventDelivery[], isRouted: boolean, now: Date): Safe {
  if (deliveries.length === 0) {
    return html`<p class="empty panel">
      ${
        isRouted
          ? html`Nobody: no route asks for it. Type <code>route test</code> in the room to see what
              would.`
          : "It has not been routed yet."
      }
    </p>`;
  }
  return html`<div class="scroll panel" tabindex="0" role="group" aria-label="Deliveries">
    <table>
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">State</th>
          <th scope="col">Why</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        ${deliveries.map((delivery) => deliveryRow(delivery, now))}
      </tbody>
    </table>
  </div>`;
}

function deliveryRow(delivery: EventDelivery, now: Date): Safe {
  const [tone, word] = STATES[delivery.state];
  const { lastError, attempts, finishedAt, createdAt } = delivery;
  const tries = attempts > 1 ? ` after ${attempts} attempts` : "";
  return html`<tr>
    <td>${visible(delivery.destination)}</td>
    <td>
      <span class="badge ${tone}">${word}</span>${tries}
      ${lastError === null ? "" : html`<br /><span class="quiet">${visible(lastError)}</span>`}
    </td>
    <td>${visible(delivery.reason)}</td>
    <td>${timeHtml(finishedAt ?? createdAt, now)}</td>
  </tr>`;
}
