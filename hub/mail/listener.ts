import {
  SMTPServer,
  type SMTPServerAddress,
  type SMTPServerDataStream,
  type SMTPServerSession,
} from "smtp-server";
import { asError, OperatorError } from "../../core/errors.ts";
import type { Settings } from "../../core/config.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { ownAddresses } from "../channels/email/index.ts";
import { KEPT_BYTES, receiveMail } from "./incoming.ts";

/** Mail servers ask before they send more; what they send is cut to what is kept. */
const MOST_BYTES = 20 << 20;
const MOST_CLIENTS = 20;
const MOST_RECIPIENTS = 10;

/** An ear for mail; `address` says where it listens, once started. */
export interface MailListener extends Service {
  address(): { host: string; port: number };
}

/**
 * Takes mail over SMTP or LMTP (RFC 2033) on `email.listen`: for the addresses of `email.bounces`
 * and `email.control` and no other, so that nobody can send through it. "250" is said once the mail
 * is committed. For small sites; a mail server that pipes into `lk mail receive` does the same.
 */
export function createMailListener(settings: Settings, log: Log): MailListener {
  const url = new URL(settings.config.email.listen);
  const isOurs = recipientTest(settings);
  let server: SMTPServer | undefined;
  return {
    name: "mail listener",
    address() {
      const bound = server?.server.address();
      if (typeof bound !== "object" || bound === null) throw new Error("it does not listen yet");
      return { host: bound.address, port: bound.port };
    },
    async start() {
      server = new SMTPServer({
        lmtp: url.protocol === "lmtp:",
        disabledCommands: ["STARTTLS", "AUTH"],
        authOptional: true,
        disableReverseLookup: true,
        size: MOST_BYTES,
        maxClients: MOST_CLIENTS,
        logger: false,
        onRcptTo(address, session, done) {
          const full = session.envelope.rcptTo.length >= MOST_RECIPIENTS;
          if (full) done(reply(452, "too many recipients"));
          else if (isOurs(address.address)) done();
          else done(reply(550, "5.1.1 no such address here"));
        },
        onData(stream, session, done) {
          void answerData(stream, session, done, log);
        },
      });
      const listening = server;
      await new Promise<void>((resolve, reject) => {
        listening.once("error", (thrown) => reject(cannotListen(url, asError(thrown))));
        listening.listen(Number(url.port), url.hostname.replace(/^\[|\]$/g, ""), () => resolve());
      });
      listening.on("error", (error) => log.warn({ err: error }, "mail listener"));
    },
    stop: () =>
      new Promise((resolve) => {
        if (server === undefined) resolve();
        else server.close(() => resolve());
      }),
  };
}

async function answerData(
  stream: SMTPServerDataStream,
  { envelope: { mailFrom, rcptTo } }: SMTPServerSession,
  done: (error?: Error) => void,
  log: Log,
): Promise<void> {
  try {
    await keep(stream, mailFrom === false ? "" : mailFrom.address, rcptTo);
    done();
  } catch (thrown) {
    log.error({ err: asError(thrown) }, "cannot keep a mail that came in");
    done(reply(451, "4.3.0 cannot keep it now"));
  }
}

async function keep(
  stream: SMTPServerDataStream,
  sender: string,
  recipients: readonly SMTPServerAddress[],
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    if (size < KEPT_BYTES) chunks.push(bytes);
    size += bytes.length;
  }
  const source = Buffer.concat(chunks);
  for (const { address: recipient } of recipients) await receiveMail({ recipient, sender, source });
}

/** @throws OperatorError `BAD_CONFIG` when no address is configured to take mail for */
function recipientTest(settings: Settings): (address: string) => boolean {
  const { bounces, control } = ownAddresses(settings);
  if (bounces === "" && control === "") {
    throw new OperatorError(
      "BAD_CONFIG",
      "email.listen is set, but there is no address to take mail for.",
      "Set email.bounces, email.control, or both.",
      { exitStatus: 2 },
    );
  }
  const wanted = new Set([bounces, control].filter(Boolean).map((one) => one.toLowerCase()));
  return (address) => wanted.has(address.toLowerCase().replace(/\+[^@]*(?=@)/, ""));
}

function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

function cannotListen(url: URL, cause: Error): OperatorError {
  return new OperatorError(
    "MAIL_LISTEN",
    `Cannot take mail on ${url.host}: ${cause.message}.`,
    "Set email.listen in config.toml to a free address.",
    { cause },
  );
}
