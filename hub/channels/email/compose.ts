import { createHash } from "node:crypto";
import { html } from "../../../core/html.ts";
import { plainLine, renderHtml, renderText, toneMark, visible } from "../../../core/message.ts";
import type { Outgoing } from "../channel.ts";
import type { Mailbox } from "./address.ts";

/** What all mails of this machine have in common. */
export interface Letterhead {
  from: Mailbox;
  /** Base address of our pages, for the last line. */
  web: string | undefined;
}

/** A mail, every field clean: nodemailer encodes and folds. */
export interface Mail {
  messageId: string;
  inReplyTo: string | undefined;
  references: string[];
  date: Date;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

const SUBJECT_CHARACTERS = 120;
const HEADER_CHARACTERS = 300;

/**
 * The mail of a delivery: text and HTML of the same message, the headers that Laniakea's Mailgun
 * sends, and what RFC 3834 (Auto-Submitted) and RFC 2919 (List-Id) ask of machines. The same
 * delivery gives the same Message-ID, always.
 */
export function composeMail(delivery: Outgoing, letterhead: Letterhead): Mail {
  const { message, subject, edits } = delivery;
  const domain = letterhead.from.address.split("@")[1] ?? "localhost";
  const original = edits === undefined ? undefined : messageId(edits.id, domain);
  const title = subject.title ?? `${toneMark(message.tone)} ${plainLine(message.headline)}`;
  const line = headerText(title, SUBJECT_CHARACTERS);
  return {
    messageId: messageId(delivery.id, domain),
    inReplyTo: original,
    references: [packageThread(delivery, domain), original].filter((id) => id !== undefined),
    date: delivery.createdAt,
    subject: line,
    text: mailText(delivery, letterhead),
    html: mailHtml(delivery, letterhead, line),
    headers: mailHeaders(delivery, letterhead, domain),
  };
}

/** The Message-ID of a delivery, with its angle brackets. */
export function messageId(deliveryId: string, domain: string): string {
  return `<${deliveryId}@${domain}>`;
}

/** All mails about a package name this, so that readers sort them into one thread. */
function packageThread(delivery: Outgoing, domain: string): string | undefined {
  const { repository = "", packages = [] } = delivery.subject;
  if (packages[0] === undefined) return undefined;
  const hash = createHash("sha256").update(`${repository}\0${packages[0]}`).digest("hex");
  return `<package.${hash.slice(0, 32)}@${domain}>`;
}

function mailHeaders(
  delivery: Outgoing,
  { from }: Letterhead,
  domain: string,
): Record<string, string> {
  const { subject, reason } = delivery;
  const project = from.name === "" ? from.address : from.name;
  const candidates: Record<string, string | undefined> = {
    "X-Laniakea-Project": project,
    "X-Laniakea-Repo": subject.repository,
    "X-Laniakea-Package": subject.packages?.join(" "),
    "X-Laniakea-Event": subject.label ?? subject.tag,
    "X-Laniakea-Reason": reason,
    "List-Id": `${project.replace(/[<>"]/g, "")} <laniakea.${domain}>`,
    Precedence: "bulk",
    // List software drops automatic mail; the peer does not mark announcements either.
    "Auto-Submitted": subject.announcement === true ? undefined : "auto-generated",
  };
  return Object.fromEntries(
    Object.entries(candidates)
      .map(([name, value]) => [name, headerText(value ?? "", HEADER_CHARACTERS)] as const)
      .filter(([, value]) => value !== ""),
  );
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

function footer({ reason }: Outgoing, { from, web }: Letterhead): string[] {
  const sender = from.name === "" ? from.address : from.name;
  return [
    web === undefined ? sender : `${sender}, ${web}`,
    `You get this because: ${visible(reason)}`,
  ];
}

/**
 * Data as the value of a header: one line, no characters that end it, disguise it or turn the
 * reading direction, nothing that a reader would decode as an encoded word (RFC 2047), clipped.
 */
export function headerText(text: string, limit: number): string {
  const clean = visible(text)
    .replace(/[\u061c\u200b-\u200f\u2060-\u2064\p{Surrogate}]/gu, "\ufffd")
    .replace(/\s+/g, " ")
    .replaceAll("=?", "= ?")
    .trim();
  const characters = Array.from(clean);
  return characters.length <= limit ? clean : `${characters.slice(0, limit - 1).join("")}…`;
}
