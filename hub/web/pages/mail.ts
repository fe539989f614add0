import { html } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { type MailboxLine, readMailbox } from "../../channels/email/mailbox.ts";
import { notFound } from "../failure.ts";
import { momentHtml } from "../parts/time.ts";
import { checked, Digits, type Page } from "./page.ts";

/** Headers worth reading beside sender, recipient and subject. */
const SHOWN_HEADERS = /^(x-laniakea-.*|list-id|message-id|references|in-reply-to)$/;

/** One mail of the local mailbox: its text, and its HTML in a frame that can do nothing. */
export const mailPage: Page = {
  path: "/mail/:id",
  role: "reader",
  async show(_web, { params, now }) {
    const mail = await mailOf(checked(Digits, params["id"]));
    const headers = mail.headers.filter(([name]) => SHOWN_HEADERS.test(name));
    return {
      title: visible(mail.subject) || "Mail",
      section: "mail",
      main: html`<p class="crumbs"><a href="/mail">Mail</a></p>
        <h1>${visible(mail.subject) || "(no subject)"}</h1>
        <dl class="facts">
          <dt>From</dt>
          <dd>${visible(mail.from)}</dd>
          <dt>To</dt>
          <dd>${visible(mail.recipient)}</dd>
          <dt>Received</dt>
          <dd>${momentHtml(mail.receivedAt, now)}</dd>
        </dl>
        <pre class="letter panel" tabindex="0" aria-label="Text of the mail">
${visible(mail.text)}</pre>
        ${
          mail.html === undefined
            ? ""
            : html`<details>
                <summary>The same as HTML</summary>
                <iframe
                  sandbox
                  loading="lazy"
                  src="/mail/${mail.id}/html"
                  title="The mail as HTML"
                ></iframe>
              </details>`
        }
        <details>
          <summary>Headers</summary>
          <dl class="facts">
            ${headers.map(
              ([name, value]) =>
                html`<dt>${visible(name)}</dt>
                  <dd><code>${visible(value)}</code></dd>`,
            )}
          </dl>
        </details>`,
    };
  },
};

/** @throws OperatorError `NOT_FOUND` */
export async function mailOf(id: string): Promise<MailboxLine> {
  const before = (BigInt(id) + 1n).toString();
  const [mail] = await readMailbox({ limit: 1, before });
  if (mail?.id === id) return mail;
  throw notFound("There is no such mail in the mailbox.", "See those that are there: /mail");
}
