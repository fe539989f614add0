import { visible } from "../../../core/message.ts";
import type { Outcome } from "../channel.ts";

/** What nodemailer puts on its errors. */
interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** Commands whose refusal is about us or the whole server, not about one recipient. */
const SESSION_COMMANDS = new Set(["CONN", "EHLO", "HELO", "LHLO", "STARTTLS"]);
const CREDENTIAL_CODES = new Set(["EAUTH", "ENOAUTH", "EOAUTH2"]);
const SETTING_CODES = new Set(["ETLS", "EREQUIRETLS", "ECONFIG"]);
/** Replies that ask for (better) authentication: RFC 4954 section 6. */
const AUTH_REPLIES = new Set([530, 534, 535, 538]);

/**
 * What an SMTP failure means: 4xx and broken connections may work later, 5xx never will
 * (RFC 5321 section 4.2.1), and refused credentials, a refused greeting, failed TLS or a refused
 * sender concern all mail, so that the whole channel stops.
 */
export function classifyRefusal(error: SmtpError): Outcome {
  const reply = error.responseCode;
  const reason = describe(error);
  const permanent = reply !== undefined && reply >= 500;
  if (CREDENTIAL_CODES.has(error.code ?? "") || (reply !== undefined && AUTH_REPLIES.has(reply))) {
    return { outcome: "failed", retry: true, reason, ...(isTemporary(reply) ? {} : STOP) };
  }
  if (SETTING_CODES.has(error.code ?? ""))
    return { outcome: "failed", retry: true, reason, ...STOP };
  if (permanent && SESSION_COMMANDS.has(error.command ?? "")) {
    return { outcome: "failed", retry: true, reason, ...STOP };
  }
  // 552 to MAIL FROM is about the size of this mail; anything else is about our sender address.
  if (permanent && error.command === "MAIL FROM" && reply !== 552) {
    return { outcome: "failed", retry: true, reason, ...STOP };
  }
  const refused = error.code === "EENVELOPE" || error.code === "EMESSAGE";
  const retry = !(permanent || (refused && reply === undefined));
  return { outcome: "failed", retry, reason };
}

const STOP = { stop: true } as const;

function isTemporary(reply: number | undefined): boolean {
  return reply !== undefined && reply >= 400 && reply < 500;
}

function describe(error: SmtpError): string {
  const said = error.response === undefined ? error.message : error.response;
  const at = error.command === undefined || error.command === "API" ? "" : ` (${error.command})`;
  return `${visible(said).replace(/\s+/g, " ").trim().slice(0, 300)}${at}`;
}
