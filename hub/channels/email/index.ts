import type { Transporter } from "nodemailer";
import type { Settings } from "../../../core/config.ts";
import { OperatorError } from "../../../core/errors.ts";
import { BOUNCES_LOCAL_LIMIT, bounceAddress } from "../../mail/tokens.ts";
import { wasHandedOver } from "../../mail/incoming.ts";
import { openSeals } from "../../mail/seals.ts";
import type { Channel, ChannelContext, ChannelKind, Outcome, Outgoing } from "../channel.ts";
import { canonicalAddress, parseMailbox } from "./address.ts";
import { readAllowed } from "./allowed.ts";
import { composeMail } from "./compose.ts";
import type { Letterhead } from "./headers.ts";
import { isInMailbox, type LocalMailbox, openLocalMailbox } from "./mailbox.ts";
import { undeliverable } from "./refusal.ts";
import {
  mailServer,
  mailServerProblem,
  openTransport,
  sendMail,
  SMTP_CONNECTIONS,
} from "./transport.ts";

/** Mail over SMTP: to the server of the configuration, or else to the mailbox of this machine. */
export const email: ChannelKind = {
  name: "email",
  readers: "mail",
  example: "email:person@example.org",
  canonical: canonicalAddress,
  create: createEmailChannel,
};

function createEmailChannel(context: ChannelContext): Channel {
  const { settings, log, links } = context;
  const config = settings.config.email;
  const from = parseMailbox(config.from);
  if (from === undefined) {
    throw badConfig(
      `email.from is ${JSON.stringify(config.from)}, which is not a sender.`,
      'Write it like "Laniakea <laniakea@example.org>".',
    );
  }
  const { bounces, control } = ownAddresses(settings);
  const isAllowed = readAllowed(settings);
  const remote = config.smtp === "" ? undefined : mailServer(settings);
  let local: LocalMailbox | undefined;
  let transport: Transporter | undefined;
  let letterhead: Letterhead | undefined;

  async function send(delivery: Outgoing, signal: AbortSignal): Promise<Outcome> {
    if (transport === undefined || letterhead === undefined || from === undefined) {
      throw new Error("the email channel is not started");
    }
    const { address: to, subject } = delivery;
    if (!isAllowed(to)) {
      return { outcome: "skipped", reason: "the address is not in email.only_to" };
    }
    const withheld = await context.mail?.withheld(delivery);
    if (withheld !== undefined) return { outcome: "skipped", reason: withheld };
    const { seals } = letterhead;
    const bounceTo = bounces === "" ? from.address : bounceAddress(bounces, delivery.id, seals);
    const envelope = { from, to, bounceTo: subject.answer === true ? "" : bounceTo };
    const outcome = await sendMail(transport, envelope, composeMail(delivery, letterhead), signal);
    const bounce = undeliverable(outcome);
    if (bounce !== undefined) await context.mail?.bounced(delivery.id, to, bounce);
    return outcome;
  }

  return {
    name: "email",
    canEdit: false,
    concurrency: SMTP_CONNECTIONS,
    async start() {
      letterhead = { from, web: links.web, control, seals: await openSeals(settings) };
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
    isShown: async ({ id, address }) => (await isInMailbox(address, id)) || wasHandedOver(id),
    async problem() {
      // The mailbox of this machine is ours: it is there while we are.
      if (remote === undefined || transport === undefined) return undefined;
      return mailServerProblem(remote, transport);
    },
    send,
  };
}

/**
 * The addresses that mail comes in for, canonical or "".
 *
 * @throws OperatorError `BAD_CONFIG`
 */
export function ownAddresses({ config }: Settings): { bounces: string; control: string } {
  const [bounces = "", control = ""] = (["bounces", "control"] as const).map((key) => {
    const text = config.email[key];
    const address = text === "" ? "" : canonicalAddress(text);
    if (address !== undefined) return address;
    const example = `Write it like "${key}@example.org".`;
    throw badConfig(`email.${key} is ${JSON.stringify(text)}, which is no address.`, example);
  });
  if (bounces.indexOf("@") <= BOUNCES_LOCAL_LIMIT) return { bounces, control };
  throw badConfig(
    `email.bounces has more than ${BOUNCES_LOCAL_LIMIT} characters before the @.`,
    "A token of 43 characters is put behind them, and mail servers take 64: choose a shorter one.",
  );
}

function badConfig(sentence: string, hint: string): OperatorError {
  return new OperatorError("BAD_CONFIG", sentence, hint, { exitStatus: 2 });
}
