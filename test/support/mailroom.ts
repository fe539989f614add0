import { randomUUID } from "node:crypto";
import type { Settings } from "../../core/config.ts";
import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import { receiveMail, takeMail } from "../../hub/mail/incoming.ts";
import { createDealer } from "../../hub/mail/mailroom.ts";
import { openSeals, type Seals } from "../../hub/mail/seals.ts";
import { settingsOf } from "./hub.ts";

/** A mail to hand over. */
export interface Letter {
  from?: string;
  subject?: string;
  text?: string;
  headers?: string[];
  recipient?: string;
  sender?: string;
}

/** What was posted to a destination, oldest first. */
export interface Told {
  destination: string;
  message: Message;
  subject: { title?: string; answer?: boolean };
  reply_to: string | null;
  state: string;
}

/** What deals with incoming mail, at hand. */
export interface TestMailroom {
  settings: Settings;
  seals: Seals;
  /** Takes a mail in as a mail server would, and deals with it. @returns what became of it */
  hand(letter: Letter): Promise<string>;
  handSource(source: string, recipient: string, sender?: string): Promise<string>;
  told(destination: string): Promise<Told[]>;
  /** A delivery that was sent, or is in another state. @returns its id */
  delivery(destination: string, subject?: object, state?: string): Promise<string>;
}

/** The database is connected. */
export async function openMailroom(config: Record<string, unknown> = {}): Promise<TestMailroom> {
  const settings = settingsOf({
    email: {
      from: "Example OS <laniakea@example.org>",
      bounces: "bounces@example.org",
      control: "control@example.org",
      ...config,
    },
  });
  const deal = await createDealer(settings);

  async function handSource(source: string, recipient: string, sender = ""): Promise<string> {
    const isNew = await receiveMail({ recipient, sender, source: Buffer.from(source) });
    if (!isNew) return "known";
    while (await takeMail(deal));
    const [row] = await database().query<{ outcome: string }>(
      "select outcome from incoming_mail order by id desc limit 1",
    );
    return row?.outcome ?? "waits";
  }

  return {
    settings,
    seals: await openSeals(settings),
    handSource,
    hand(letter) {
      const { from = "Anna <anna@example.net>", subject = "", text = "", headers = [] } = letter;
      const source = [
        `From: ${from}`,
        "To: control@example.org",
        `Subject: ${subject}`,
        `Message-ID: <${randomUUID()}@example.net>`,
        ...headers,
        "",
        text,
      ].join("\r\n");
      const { recipient = "control@example.org", sender = "anna@example.net" } = letter;
      return handSource(source, recipient, sender);
    },
    told: (destination) =>
      database().query<Told>(
        `select destination, message, subject, reply_to, state from delivery
          where destination = $1 order by number`,
        [destination],
      ),
    async delivery(destination, subject = {}, state = "sent") {
      const id = randomUUID();
      await database().query(
        `insert into delivery (id, destination, message, subject, reason, state)
         values ($1, $2, '{"tone": "neutral", "headline": ["news"]}', $3, 'test', $4)`,
        [id, destination, JSON.stringify(subject), state],
      );
      return id;
    },
  };
}

/** A report as RFC 3464 has it. */
export function deliveryReport(status: string, action = "failed"): string {
  return [
    "From: Mail Delivery System <MAILER-DAEMON@mail.example.net>",
    "Subject: Undelivered Mail Returned to Sender",
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    `Message-ID: <${randomUUID()}@mail.example.net>`,
    "",
    "--b",
    "Content-Type: text/plain",
    "",
    "I'm sorry to have to inform you that your message could not be delivered.",
    "",
    "--b",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mail.example.net",
    "",
    "Final-Recipient: rfc822; somebody@example.net",
    `Action: ${action}`,
    `Status: ${status}`,
    `Diagnostic-Code: smtp; 550 ${status} as told`,
    "",
    "--b",
    "Content-Type: message/rfc822",
    "",
    "Subject: unsubscribeall",
    "",
    "unsubscribeall",
    "--b--",
    "",
  ].join("\r\n");
}
