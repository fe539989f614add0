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
  if (error.code === "ESENDMAIL") return classifyExit(error.message);
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

/** Of sysexits.h: the exit statuses of sendmail with which nothing will change by trying again. */
const PERMANENT_EXITS: Readonly<Record<number, string>> = {
  64: "EX_USAGE",
  65: "EX_DATAERR",
  67: "EX_NOUSER",
  68: "EX_NOHOST",
};

/** What nodemailer says of sendmail's end; the status is in its words only. */
function classifyExit(message: string): Outcome {
  const [, digits = ""] = /exited with code (\d+)$/.exec(message) ?? [];
  const name = PERMANENT_EXITS[Number(digits)];
  if (name !== undefined)
    return { outcome: "failed", retry: false, reason: `${message} (${name})` };
  if (/Invalid envelope addresses/.test(message)) {
    return { outcome: "failed", retry: false, reason: message };
  }
  return { outcome: "failed", retry: true, reason: message };
}

/** What a refusal says of the address, in the words of a report about undeliverable mail. */
export interface Undeliverable {
  /** RFC 3463: "5.1.1". */
  status: string;
  diagnostic: string;
}

/**
 * The address is at fault: it was refused for good while we named it, so that no report will come.
 *
 * @returns undefined for all other outcomes
 */
export function undeliverable(outcome: Outcome): Undeliverable | undefined {
  if (outcome.outcome !== "failed" || outcome.retry) return undefined;
  const { reason } = outcome;
  const [, code, status] =
    /^(5\d\d)[ -](?:#?(5\.\d{1,3}\.\d{1,3})\b)?.*\(RCPT TO\)$/.exec(reason) ?? [];
  if (code !== undefined) return { status: status ?? "5.0.0", diagnostic: reason };
  return reason.endsWith("(EX_NOUSER)") ? { status: "5.1.1", diagnostic: reason } : undefined;
}
