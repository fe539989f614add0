import type { Transporter } from "nodemailer";
import { OperatorError } from "../../../core/errors.ts";
import type { Channel, ChannelContext, ChannelKind } from "../channel.ts";
import { canonicalAddress, isAllowed, parseMailbox } from "./address.ts";
import { composeMail, type Letterhead } from "./compose.ts";
import { type LocalMailbox, openLocalMailbox } from "./mailbox.ts";
import {
  mailServerProblem,
  openTransport,
  sendMail,
  SMTP_CONNECTIONS,
  smtpServer,
} from "./transport.ts";

/** Mail over SMTP: to the server of the configuration, or else to the mailbox of this machine. */
export const email: ChannelKind = {
  name: "email",
  readers: "mail",
  example: "email:person@example.org",
  canonical: canonicalAddress,
  create: createEmailChannel,
};

function createEmailChannel({ settings, log, links }: ChannelContext): Channel {
  const config = settings.config.email;
  const from = parseMailbox(config.from);
  if (from === undefined) {
    throw new OperatorError(
      "BAD_CONFIG",
      `email.from is ${JSON.stringify(config.from)}, which is not a sender.`,
      'Write it like "Laniakea <laniakea@example.org>".',
      { exitStatus: 2 },
    );
  }
  const letterhead: Letterhead = { from, web: links.web };
  const remote = config.smtp === "" ? undefined : smtpServer(settings);
  let local: LocalMailbox | undefined;
  let transport: Transporter | undefined;
  return {
    name: "email",
    canEdit: false,
    concurrency: SMTP_CONNECTIONS,
    async start() {
      local = remote === undefined ? await openLocalMailbox(log) : undefined;
      const server = remote ?? local?.server;
      if (server !== undefined) transport = openTransport(server);
    },
    async stop() {
      transport?.close();
      transport = undefined;
      await local?.close();
      local = undefined;
    },
    async problem() {
      // The mailbox of this machine is ours: it is there while we are.
      if (remote === undefined || transport === undefined) return undefined;
      return mailServerProblem(transport);
    },
    send(delivery, signal) {
      if (transport === undefined) throw new Error("the email channel is not started");
      if (!isAllowed(delivery.address, config.only_to)) {
        const reason = "the address is not in email.only_to";
        return Promise.resolve({ outcome: "skipped", reason });
      }
      const mail = composeMail(delivery, letterhead);
      return sendMail(transport, from, delivery, mail, signal);
    },
  };
}
