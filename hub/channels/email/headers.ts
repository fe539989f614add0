import { visible } from "../../../core/message.ts";
import type { Seals } from "../../mail/seals.ts";
import { unsubscribeToken } from "../../mail/tokens.ts";
import type { Outgoing } from "../channel.ts";
import type { Mailbox } from "./address.ts";
import { listId } from "./thread.ts";

/** What all mails of this machine have in common. */
export interface Letterhead {
  from: Mailbox;
  /** Base address of our pages, for the last line and the link that unsubscribes. */
  web: string | undefined;
  /** Address that takes commands, "" for none. */
  control: string;
  seals: Seals;
}

/** Two links with tokens must fit. */
const HEADER_CHARACTERS = 600;

/**
 * The headers that Laniakea's Mailgun sends and more of that family, those of mailing lists, and what
 * RFC 3834 asks of machines.
 */
export function mailHeaders(
  delivery: Outgoing,
  letterhead: Letterhead,
  domain: string,
): Record<string, string> {
  const { from, control } = letterhead;
  const { subject, reason } = delivery;
  const project = from.name === "" ? from.address : from.name;
  const answer = subject.answer === true;
  const announcement = subject.announcement === true;
  const candidates: Record<string, string | undefined> = {
    "X-Laniakea-Project": project,
    "X-Laniakea-Repo": subject.repository,
    "X-Laniakea-Suite": subject.suites?.join(" "),
    "X-Laniakea-Package": subject.packages?.join(" "),
    "X-Laniakea-Event": subject.label ?? subject.tag,
    "X-Laniakea-Event-Id": subject.event,
    "X-Laniakea-Verdict": delivery.message.answers?.state,
    "X-Laniakea-Reason": reason,
    "X-Loop": control === "" ? from.address : control,
    ...(answer ? {} : { "List-Id": listId(subject, project, domain) }),
    ...(answer || announcement ? {} : unsubscribeHeaders(delivery, letterhead)),
    Precedence: "bulk",
    // RFC 3834. List software drops automatic mail; the peer does not mark announcements either.
    "Auto-Submitted": answer ? "auto-replied" : announcement ? undefined : "auto-generated",
  };
  return Object.fromEntries(
    Object.entries(candidates)
      .map(([name, value]) => [name, headerText(value ?? "", HEADER_CHARACTERS)] as const)
      .filter(([, value]) => value !== ""),
  );
}

/**
 * RFC 2369 section 3.2, and RFC 8058 for the one click: only over https may a mail reader do it by
 * itself. Which subscription it is about follows from the delivery that the token names.
 */
function unsubscribeHeaders(
  delivery: Outgoing,
  { web, control, seals }: Letterhead,
): Record<string, string> {
  const token = unsubscribeToken(delivery.id, seals);
  const link = web === undefined ? undefined : `<${unsubscribeLink(delivery, web, seals)}>`;
  const mail = control === "" ? undefined : `<mailto:${control}?subject=unsubscribe%20${token}>`;
  const ways = [link, mail].filter((way) => way !== undefined);
  return {
    ...(ways.length === 0 ? {} : { "List-Unsubscribe": ways.join(", ") }),
    ...(control === "" ? {} : { "List-Help": `<mailto:${control}?subject=help>` }),
    ...(web?.startsWith("https:") === true
      ? { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }
      : {}),
  };
}

/** Where the reader ends what made this mail come. */
export function unsubscribeLink(delivery: Outgoing, web: string, seals: Seals): string {
  return `${web}/unsubscribe/${unsubscribeToken(delivery.id, seals)}`;
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
