import { html } from "../../../core/html.ts";
import { plainLine, renderHtml, renderText, toneMark } from "../../../core/message.ts";
import type { Outgoing } from "../channel.ts";
import { headerText, type Letterhead, mailHeaders, unsubscribeLink } from "./headers.ts";
import { messageId, references } from "./thread.ts";
import { mailWords } from "./words.ts";

/** A mail, every field clean: nodemailer encodes and folds. */
export interface Mail {
  messageId: string;
  inReplyTo: string | undefined;
  /** Where the reader's answer goes; missing: to the sender. */
  replyTo: string | undefined;
  references: string[];
  date: Date;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

const SUBJECT_CHARACTERS = 120;
/** One line, whatever the names of rules hold. */
const REASON_CHARACTERS = 300;

/**
 * The mail of a delivery: text and HTML of the same message, and headers. The same delivery gives
 * the same Message-ID, always.
 */
export function composeMail(delivery: Outgoing, letterhead: Letterhead): Mail {
  const { message, subject, edits } = delivery;
  const domain = letterhead.from.address.split("@")[1] ?? "localhost";
  const original = edits === undefined ? undefined : messageId(edits.id, domain);
  const title = subject.title ?? `${toneMark(message.tone)} ${plainLine(message.headline)}`;
  const line = headerText(title, SUBJECT_CHARACTERS);
  return {
    messageId: messageId(delivery.id, domain),
    inReplyTo: original ?? answered(delivery),
    replyTo: subject.answer === true && letterhead.control !== "" ? letterhead.control : undefined,
    references: references(delivery, domain),
    date: delivery.createdAt,
    subject: line,
    text: mailText(delivery, letterhead),
    html: mailHtml(delivery, letterhead, line),
    headers: mailHeaders(delivery, letterhead, domain),
  };
}

/** The mail of a person that this one answers; theirs to choose, so only what is well formed. */
function answered({ subject, replyTo = "" }: Outgoing): string | undefined {
  return subject.answer === true && /^<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>$/.test(replyTo)
    ? replyTo
    : undefined;
}

function mailText(delivery: Outgoing, letterhead: Letterhead): string {
  const lines = [renderText(delivery.message), "", "-- ", ...footer(delivery, letterhead)];
  return `${lines.join("\n")}\n`;
}

function mailHtml(delivery: Outgoing, letterhead: Letterhead, title: string): string {
  const [first, ...rest] = footer(delivery, letterhead);
  const page = html`<!doctype html>
    <html lang="${delivery.message.language ?? "en"}">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
      </head>
      <body>
        ${renderHtml(delivery.message, "mail")}
        <hr />
        <p><small>${first}${rest.map((line) => html`<br />${line}`)}</small></p>
      </body>
    </html> `;
  return page.text;
}

function footer(delivery: Outgoing, { from, web, seals }: Letterhead): string[] {
  const { reason, subject, message } = delivery;
  const say = mailWords.in(message.language);
  const sender = from.name === "" ? from.address : from.name;
  const lines = [
    web === undefined ? sender : `${sender}, ${web}`,
    plainLine(say("because", { reason: [headerText(reason, REASON_CHARACTERS)] })),
  ];
  if (web === undefined || subject.answer === true || subject.announcement === true) return lines;
  const link = unsubscribeLink(delivery, web, seals);
  return [...lines, plainLine(say("end", { link: [link] }))];
}
