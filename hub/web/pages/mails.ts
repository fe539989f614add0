import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { type MailboxLine, readMailbox } from "../../channels/email/mailbox.ts";
import { pager } from "../parts/pager.ts";
import { timeHtml } from "../parts/time.ts";
import type { Web } from "../web.ts";
import { checked, Digits, type Page } from "./page.ts";

const ROWS = 30;
const Query = z.object({ before: Digits.optional() });

/** The mailbox of this machine, newest first. Mail may be private, so not for everybody. */
export const mailsPage: Page = {
  path: "/mail",
  role: "reader",
  async show(web, call) {
    const { before } = checked(Query, call.query);
    const found = await readMailbox({
      limit: ROWS + 1,
      ...(before === undefined ? {} : { before }),
    });
    const mails = found.slice(0, ROWS);
    const olderThan = found.length > ROWS ? mails.at(-1)?.id : undefined;
    return {
      title: "Mail",
      section: "mail",
      main: html`<h1>Mail</h1>
        <p class="lead">${explanation(web)}</p>
        ${
          mails.length === 0
            ? html`<p class="empty panel">No mail yet.</p>`
            : html`<ul class="mails panel">
                ${mails.map((mail) => mailRow(mail, call.now))}
              </ul>`
        }
        ${pager("/mail", { before }, olderThan)}`,
    };
  },
};

function explanation({ settings }: Web): Safe {
  return settings.config.email.smtp === ""
    ? html`No mail server is configured, so mail stays in this mailbox. To send it, set
        <code>smtp</code> under <code>[email]</code> in <code>config.toml</code>.`
    : html`Mail goes out through the configured server; what is here came before that.`;
}

function mailRow(mail: MailboxLine, now: Date): Safe {
  return html`<li>
    <a href="/mail/${mail.id}"><strong>${visible(mail.subject) || "(no subject)"}</strong></a>
    <span class="when">${timeHtml(mail.receivedAt, now)}</span>
    <span class="quiet">to ${visible(mail.recipient)}</span>
  </li>`;
}
