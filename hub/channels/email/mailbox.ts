import type { ParsedMail } from "mailparser";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { database } from "../../../core/database/connect.ts";
import { asError } from "../../../core/errors.ts";
import type { Log } from "../../../core/log.ts";
import { MailboxMessage } from "../../model/mailbox.ts";
import type { SmtpServer } from "./transport.ts";

/**
 * The mailbox of a machine without a mail server: an SMTP server of our own on the loopback
 * address that keeps what it gets in the database, so that mail takes the same way everywhere.
 */
export interface LocalMailbox {
  /** How to hand mail over; the password is new each time. */
  server: SmtpServer;
  close(): Promise<void>;
}

const MAX_MAIL_BYTES = 4 << 20;
/** Older mails are dropped: this is for looking, not for keeping. */
const KEPT_MAILS = 1_000;

/** NOTIFY channel of new mails in the local mailbox. */
export const MAILBOX_CHANNEL = "lk_mailbox";

export async function openLocalMailbox(log: Log): Promise<LocalMailbox> {
  const user = "laniakea";
  const password = randomBytes(24).toString("base64url");
  const smtp = new SMTPServer({
    authMethods: ["PLAIN", "LOGIN"],
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    logger: false,
    onAuth(auth, _session, done) {
      if (auth.username === user && isSame(auth.password ?? "", password)) done(null, { user });
      else done(new Error("wrong password"));
    },
    onData(stream, session, done) {
      void answerData(stream, session, done, log);
    },
  });
  smtp.on("error", (error) => log.warn({ err: error }, "local mail server"));
  await new Promise<void>((resolve, reject) => {
    smtp.server.once("error", reject);
    smtp.listen(0, "127.0.0.1", resolve);
  });
  const { port } = smtp.server.address() as AddressInfo;
  return {
    server: { host: "127.0.0.1", port, secure: false, user, password },
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

async function answerData(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  done: (error?: Error) => void,
  log: Log,
): Promise<void> {
  try {
    await keepMail(stream, session);
    done();
  } catch (thrown) {
    log.error({ err: asError(thrown) }, "cannot keep a mail in the local mailbox");
    done(Object.assign(new Error("cannot store it now"), { responseCode: 451 }));
  }
}

async function keepMail(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const source = Buffer.concat(chunks);
  const parsed = await parseSource(source);
  const id = parsed.messageId ?? createHash("sha256").update(source).digest("hex");
  const { mailFrom, rcptTo } = session.envelope;
  await database().query(
    `insert into mailbox_message (recipient, sender, message_id, source)
     select recipient, $2, $3, $4 from unnest($1::text[]) as recipient
     on conflict (recipient, message_id) do nothing`,
    [rcptTo.map(({ address }) => address), mailFrom === false ? "" : mailFrom.address, id, source],
  );
  await database().query(
    `delete from mailbox_message where id <=
       (select id from mailbox_message order by id desc offset $1 limit 1)`,
    [KEPT_MAILS],
  );
  await database().query("select pg_notify($1, '')", [MAILBOX_CHANNEL]);
}

/** Whether the mail of a delivery came here. */
export async function isInMailbox(recipient: string, deliveryId: string): Promise<boolean> {
  const rows = await database().query(
    "select from mailbox_message where recipient = $1 and message_id like '<' || $2 || '@%'",
    [recipient, deliveryId],
  );
  return rows.length > 0;
}

/** A mail of the local mailbox, parsed. All of it is data: escape it, and never run its HTML. */
export interface MailboxLine {
  id: string;
  recipient: string;
  from: string;
  subject: string;
  messageId: string;
  receivedAt: Date;
  text: string;
  html: string | undefined;
  /** As sent, names in lower case, in order, unfolded. */
  headers: [name: string, value: string][];
}

/** The newest mails of the local mailbox, newest first. */
export async function readMailbox(
  options: { limit?: number; before?: string; recipient?: string } = {},
): Promise<MailboxLine[]> {
  const rows = await database().query<{ id: string }>(
    `select id from mailbox_message
      where ($1::bigint is null or id < $1) and ($2::text is null or recipient = $2)
      order by id desc limit $3`,
    [options.before ?? null, options.recipient ?? null, options.limit ?? 50],
  );
  const mails = await MailboxMessage.findAll({
    where: { id: rows.map((row) => row.id) },
    order: [["id", "DESC"]],
  });
  return Promise.all(mails.map(parseMail));
}

async function parseMail(mail: MailboxMessage): Promise<MailboxLine> {
  const parsed = await parseSource(mail.source);
  return {
    id: mail.id,
    recipient: mail.recipient,
    from: parsed.from?.text ?? mail.sender,
    subject: parsed.subject ?? "",
    messageId: mail.messageId,
    receivedAt: mail.receivedAt,
    text: parsed.text ?? "",
    html: parsed.html === false ? undefined : parsed.html,
    headers: parsed.headerLines.map(({ key, line }) => [
      key,
      line
        .slice(line.indexOf(":") + 1)
        .replace(/\r?\n\s*/g, " ")
        .trim(),
    ]),
  };
}

/** Loads the parser only where there is mail to read; commands that have none start sooner. */
async function parseSource(source: Buffer): Promise<ParsedMail> {
  const { simpleParser } = await import("mailparser");
  return simpleParser(source, { skipHtmlToText: true, skipTextToHtml: true });
}
