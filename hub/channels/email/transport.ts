import { access, constants } from "node:fs/promises";
import { createTransport, type Transporter } from "nodemailer";
import { type Settings, readSecret } from "../../../core/config.ts";
import { asError, OperatorError } from "../../../core/errors.ts";
import { visible } from "../../../core/message.ts";
import type { Outcome } from "../channel.ts";
import type { Mailbox } from "./address.ts";
import type { Mail } from "./compose.ts";
import { classifyRefusal } from "./refusal.ts";

/** Where mail is handed over. */
export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS when the server offers it. */
  secure: boolean;
  user: string;
  password: string;
}

/** A program that takes mail as sendmail does. */
export interface SendmailProgram {
  /** Absolute. */
  program: string;
}

/** Connections that are at work at once; as many again may hang, and as many try again. */
export const SMTP_CONNECTIONS = 4;

/**
 * What `email.smtp` names: `smtp://host:25`, `smtps://user@host`, `sendmail:/usr/sbin/sendmail`.
 *
 * @throws OperatorError `BAD_CONFIG`, or those of `readSecret`
 */
export function mailServer(settings: Settings): SmtpServer | SendmailProgram {
  const { smtp, password_file: file } = settings.config.email;
  const [, program] = /^sendmail:(\/.+)$/.exec(smtp) ?? [];
  if (program !== undefined) return { program };
  const url = URL.canParse(smtp) ? new URL(smtp) : undefined;
  if (url === undefined || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "") {
    throw new OperatorError(
      "BAD_CONFIG",
      `email.smtp is ${JSON.stringify(smtp)}, which is no way for mail.`,
      'Write it like "smtp://localhost:25", "smtps://user@mail.example.org" or "sendmail:/usr/sbin/sendmail".',
      { exitStatus: 2 },
    );
  }
  const secure = url.protocol === "smtps:";
  const port = url.port === "" ? (secure ? 465 : 25) : Number(url.port);
  const user = decodeURIComponent(url.username);
  const password =
    file === undefined
      ? decodeURIComponent(url.password)
      : readSecret(settings, file, "email.password_file");
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port, secure, user, password };
}

/** A pool of connections to a server, opened when there is something to send; or the program. */
export function openTransport(server: SmtpServer | SendmailProgram): Transporter {
  if ("program" in server) {
    const { program: path } = server;
    const limits = { disableFileAccess: true, disableUrlAccess: true, logger: false };
    return createTransport({ sendmail: true, path, newline: "unix", ...limits });
  }
  const loopback = /^(localhost|127\.|::1$)/.test(server.host);
  return createTransport({
    pool: true,
    host: server.host,
    port: server.port,
    secure: server.secure,
    ...(server.user === "" ? {} : { auth: { user: server.user, pass: server.password } }),
    // A password never travels in the clear to another machine.
    requireTLS: server.user !== "" && !loopback,
    // On this machine nobody listens in, and certificates for localhost verify nowhere.
    ignoreTLS: loopback && !server.secure,
    maxConnections: 3 * SMTP_CONNECTIONS,
    maxRequeues: 1,
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 60_000,
    dnsTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
}

/**
 * Greets the server and logs in, over a connection of its own; a program must be there.
 *
 * @returns why that fails, if so
 */
export async function mailServerProblem(
  server: SmtpServer | SendmailProgram,
  transport: Transporter,
): Promise<string | undefined> {
  try {
    if ("program" in server) await access(server.program, constants.X_OK);
    else await transport.verify();
    return undefined;
  } catch (thrown) {
    return visible(asError(thrown).message);
  }
}

/** Who sends a mail and who gets it; the two senders are not the same. */
export interface Envelope {
  from: Mailbox;
  /** Where reports about it go; "" for none (RFC 3834 section 3.3). */
  bounceTo: string;
  to: string;
}

/** Hands one mail over. Never throws for what the server or the program answers. */
export async function sendMail(
  transport: Transporter,
  { from, bounceTo, to }: Envelope,
  mail: Mail,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await transport.sendMail({
      from,
      to: { name: "", address: to },
      envelope: { from: bounceTo, to: [to] },
      messageId: mail.messageId,
      ...(mail.inReplyTo === undefined ? {} : { inReplyTo: mail.inReplyTo }),
      ...(mail.replyTo === undefined ? {} : { replyTo: mail.replyTo }),
      references: mail.references,
      date: mail.date,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      headers: mail.headers,
      textEncoding: "quoted-printable",
      xMailer: false,
      signal,
    });
    return { outcome: "delivered", remoteId: mail.messageId };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return classifyRefusal(thrown);
  }
}
