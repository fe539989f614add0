import type { AddressInfo, Socket } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { eventually } from "./eventually.ts";

/** What the server does to a recipient, so many times (default: always). */
export type MailFault = { times?: number } & (
  | { at: "mail" | "rcpt" | "data"; code: number; text?: string }
  /** Takes so long over the message, then accepts it. */
  | { at: "data"; slowMs: number }
  /** Cuts the connection: before it has the message, or after it has kept it but before "250". */
  | { at: "data"; cut: "before" | "after" }
);

export interface ReceivedMail {
  from: string;
  to: string;
  source: string;
  parsed: ParsedMail;
}

/** A real SMTP server on a free port that keeps what it gets, and fails as it is told. */
export interface MailServer {
  url: string;
  port: number;
  mails: ReceivedMail[];
  /** Mails in order for one recipient. */
  mailsTo(address: string): ReceivedMail[];
  fail(recipient: string, fault: MailFault): void;
  mend(recipient: string): void;
  /** Logins that were refused and accepted. */
  logins: { refused: number; accepted: number };
  waitForMails(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startMailServer(
  options: { login?: { user: string; password: () => string }; port?: number } = {},
): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const faults = new Map<string, MailFault>();
  const sockets = new Map<number, Socket>();
  const logins = { refused: 0, accepted: 0 };

  /** The fault of a recipient at this point, used up once. */
  function faultAt(recipient: string, at: MailFault["at"]): MailFault | undefined {
    const fault = faults.get(recipient);
    if (fault?.at !== at) return undefined;
    if (fault.times !== undefined && --fault.times <= 0) faults.delete(recipient);
    return fault;
  }

  async function takeMail(
    stream: NodeJS.ReadableStream,
    session: SMTPServerSession,
  ): Promise<boolean> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const to = session.envelope.rcptTo[0]?.address ?? "";
    const from = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address;
    const fault = faultAt(to, "data");
    if (fault !== undefined && "code" in fault) throw reply(fault.code, fault.text);
    if (fault !== undefined && "slowMs" in fault) {
      await new Promise((resolve) => setTimeout(resolve, fault.slowMs).unref());
    }
    if (fault !== undefined && "cut" in fault && fault.cut === "before") return cut(session);
    const source = Buffer.concat(chunks);
    mails.push({ from, to, source: source.toString(), parsed: await simpleParser(source) });
    if (fault !== undefined && "cut" in fault) return cut(session);
    return true;
  }

  async function answerData(
    stream: NodeJS.ReadableStream,
    session: SMTPServerSession,
    done: (error?: Error) => void,
  ): Promise<void> {
    try {
      if (await takeMail(stream, session)) done();
    } catch (thrown) {
      done(thrown as Error);
    }
  }

  function cut(session: SMTPServerSession): false {
    sockets.get(session.remotePort)?.destroy();
    return false;
  }

  const handlers: SMTPServerOptions = {
    authOptional: options.login === undefined,
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onAuth(auth, _session, done) {
      const right = auth.username === options.login?.user;
      if (right && auth.password === options.login?.password()) {
        logins.accepted++;
        done(null, { user: auth.username });
      } else {
        logins.refused++;
        done(new Error("wrong password"));
      }
    },
    onMailFrom(address, _session, done) {
      const fault = faultAt(address.address, "mail");
      if (fault !== undefined && "code" in fault) done(reply(fault.code, fault.text));
      else done();
    },
    onRcptTo(address, _session, done) {
      const fault = faultAt(address.address, "rcpt");
      if (fault !== undefined && "code" in fault) done(reply(fault.code, fault.text));
      else done();
    },
    onData(stream, session, done) {
      void answerData(stream, session, done);
    },
  };
  const server = new SMTPServer(handlers);
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => sockets.set(socket.remotePort ?? 0, socket));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    mails,
    mailsTo: (address) => mails.filter((mail) => mail.to === address),
    fail: (recipient, fault) => void faults.set(recipient, { ...fault }),
    mend: (recipient) => void faults.delete(recipient),
    logins,
    waitForMails: (count) => eventually(() => mails.length >= count, `${count} mails`),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function reply(code: number, text = "as told"): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
