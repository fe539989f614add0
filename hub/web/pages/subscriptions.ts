import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { channelKinds } from "../../channels/index.ts";
import { LOCAL_ROOM } from "../../channels/room/room.ts";
import { canonicalDestination } from "../../destination.ts";
import { wantedLine } from "../../operations/whose.ts";
import { USUAL_KEYWORDS } from "../../routing/keyword.ts";
import { listSubscriptions } from "../../routing/subscription/store.ts";
import { subscriberOf } from "../../routing/subscription/subscriber.ts";
import type { Subscriber, Subscription } from "../../routing/subscription/subscription.ts";
import { timeHtml } from "../parts/time.ts";
import { checked, type Page, Word } from "./page.ts";

const Query = z.object({ to: Word });

/** What one destination follows, to be added to and ended. Whose addresses: for operators. */
export const subscriptionsPage: Page = {
  path: "/subscriptions",
  role: "operator",
  async show(_web, { query, now }) {
    const { to = LOCAL_ROOM } = checked(Query, query);
    const destination = canonicalDestination(to, channelKinds);
    const [followed, wishes] = [
      await listSubscriptions({ destination }),
      await subscriberOf(destination),
    ];
    return {
      title: "Subscriptions",
      section: "subscriptions",
      main: html`<h1>Subscriptions</h1>
        <form class="speak" action="/subscriptions">
          <label for="to">Of a room or an address</label>
          <div class="row">
            <input id="to" name="to" value="${visible(destination)}" spellcheck="false" />
            <button>Show</button>
          </div>
        </form>
        <section aria-labelledby="follows-title">
          <h2 id="follows-title">It follows</h2>
          ${table(followed, destination, now)} ${addForm(destination)}
        </section>
        <section aria-labelledby="wishes-title">
          <h2 id="wishes-title">And it wishes</h2>
          ${wishesOf(wishes)}
        </section>`,
    };
  },
};

function table(followed: Subscription[], destination: string, now: Date): Safe {
  if (followed.length === 0) return html`<p class="empty panel">Nothing in particular.</p>`;
  return html`<div class="scroll panel" tabindex="0" role="group" aria-label="Subscriptions">
    <table>
      <thead>
        <tr>
          <th scope="col">Number</th>
          <th scope="col">What</th>
          <th scope="col">By</th>
          <th scope="col">Since</th>
          <th scope="col">End</th>
        </tr>
      </thead>
      <tbody>
        ${followed.map(
          (one) =>
            html`<tr>
              <td>${one.id}</td>
              <td>${visible(wantedLine(one))}</td>
              <td>${visible(one.owner)}</td>
              <td>${timeHtml(one.createdAt, now)}</td>
              <td>
                <form method="post" action="/subscriptions/end">
                  <input type="hidden" name="to" value="${destination}" />
                  <input type="hidden" name="route" value="${one.id}" />
                  <button aria-label="End number ${one.id}">End</button>
                </form>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function addForm(destination: string): Safe {
  return html`<form class="speak" method="post" action="/subscriptions/add">
    <input type="hidden" name="to" value="${destination}" />
    <label for="package">A package or a pattern such as linux-*</label>
    <div class="row">
      <input id="package" name="package" maxlength="200" spellcheck="false" />
    </div>
    <label for="if">Only if (an expression, such as suite = sid)</label>
    <div class="row">
      <input id="if" name="if" maxlength="2000" spellcheck="false" />
      <button class="main">Follow</button>
    </div>
  </form>`;
}

function wishesOf(wishes: Subscriber): Safe {
  const { keywords, ownPackages, ownUploads, ownActions, declined, mutedPeople } = wishes;
  const yes = (value: boolean): string => (value ? "yes" : "no");
  return html`<dl class="facts">
    <dt>Kinds of news</dt>
    <dd>${keywords === null ? `the usual: ${USUAL_KEYWORDS.join(" ")}` : keywords.join(" ")}</dd>
    <dt>Packages they maintain</dt>
    <dd>${yes(ownPackages)}${declined.length > 0 ? `, but ${visible(declined.join(" "))}` : ""}</dd>
    <dt>Their uploads</dt>
    <dd>${yes(ownUploads)}</dd>
    <dt>Their own actions</dt>
    <dd>${yes(ownActions)}</dd>
    <dt>Muted people</dt>
    <dd>${visible(mutedPeople.join(" ")) || "nobody"}</dd>
  </dl>`;
}
