import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { canonicalAddress } from "../channels/email/address.ts";
import { listSuspensions, resumeMail, type Suspension } from "../mail/standing.ts";

/** Which addresses get no mail because it came back, and what became of mail that came in. */
export const mailList = declareOperation({
  name: "mail list",
  summary: "addresses that get no mail any more, and mail that came in",
  description:
    "An address is suspended when too many mails to it were undeliverable (email.suspend_after). What " +
    "came in are reports and commands; each line says what became of it.",
  examples: ["mail list", "mail list --last 50"],
  parameters: z.object({
    last: z.coerce
      .number()
      .int()
      .min(0)
      .max(200)
      .default(10)
      .meta({ description: "so many mails that came in" }),
  }),
  role: "operator",
  kind: "answer",
  async run(_context, { last }) {
    const suspended = await listSuspensions();
    const incoming = await lastIncoming(last);
    return {
      messages: [suspensions(suspended), ...(incoming.length === 0 ? [] : [cameIn(incoming)])],
      data: { suspended, incoming },
    };
  },
});

function suspensions(suspended: Suspension[]): Message {
  if (suspended.length === 0) {
    return { tone: "good", headline: ["No address is suspended"] };
  }
  return {
    tone: "attention",
    headline: [{ strong: String(suspended.length) }, " addresses get no mail"],
    table: {
      columns: ["address", "since", "kept back", "why"],
      rows: suspended.map((one) => [
        one.address,
        one.suspended_at.toISOString().slice(0, 16),
        String(one.withheld),
        one.reason,
      ]),
    },
    next: ["When an address works again: mail resume ADDRESS"],
  };
}

interface CameIn {
  received_at: Date;
  sender: string;
  outcome: string | null;
}

function lastIncoming(limit: number): Promise<CameIn[]> {
  return database().query<CameIn>(
    "select received_at, sender, outcome from incoming_mail order by id desc limit $1",
    [limit],
  );
}

function cameIn(mails: CameIn[]): Message {
  return {
    tone: "neutral",
    headline: ["Mail that came in, the latest first"],
    table: {
      columns: ["when", "from", "what became of it"],
      rows: mails.map(({ received_at: at, sender, outcome }) => [
        at.toISOString().slice(0, 16),
        sender === "" ? "(nobody)" : sender,
        outcome ?? "waits",
      ]),
    },
  };
}

export const mailResume = declareOperation({
  name: "mail resume",
  summary: "send mail to a suspended address again",
  description: "What was kept back during the last seven days goes out at once.",
  examples: ["mail resume anna@example.org"],
  parameters: z.object({
    address: z.string().max(254).meta({ description: "as in mail list", positional: true }),
  }),
  role: "operator",
  kind: "act",
  async run(_context, { address: given }) {
    const address = canonicalAddress(given);
    const waiting = address === undefined ? undefined : await resumeMail(address);
    if (waiting === undefined) {
      throw new OperatorError(
        "NOT_SUSPENDED",
        `${given} is not suspended.`,
        "See which are: mail list",
      );
    }
    return {
      messages: [
        {
          tone: "good",
          headline: ["Mail goes to ", { code: given }, " again"],
          ...(waiting === 0 ? {} : { details: [[`${waiting} that were kept back go out now.`]] }),
        },
      ],
      data: { address, waiting },
    };
  },
});
