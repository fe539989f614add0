import { createAlarm } from "../../core/alarm.ts";
import { type Settings, settingPath } from "../../core/config.ts";
import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import { parseMailbox } from "../channels/email/address.ts";
import { ownAddresses } from "../channels/email/index.ts";
import { answerCommands, type Answering } from "./answer.ts";
import { expireIncoming, type IncomingMail, takeMail } from "./incoming.ts";
import { dealWithReport } from "./report.ts";
import { openSeals } from "./seals.ts";
import { judgementOf } from "./standing.ts";
import { deliveryOfBounce } from "./tokens.ts";

const POLL_MS = 5_000;
const SWEEP_MS = 3_600_000;

/** Deals with mail that came in. `ring` when there may be some. */
export interface Mailroom extends Service {
  ring(): void;
}

/** Several processes may run one each; every mail is dealt with by one of them. */
export function createMailroom(settings: Settings, log: Log): Mailroom {
  const alarm = createAlarm();
  const stop = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  let sweep: NodeJS.Timeout | undefined;

  async function run(deal: (mail: IncomingMail) => Promise<string>): Promise<void> {
    while (!stop.signal.aborted) {
      let worked = false;
      try {
        worked = await takeMail(deal);
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot deal with a mail");
      }
      if (!worked) await alarm.wait(POLL_MS);
    }
  }

  async function expire(): Promise<void> {
    try {
      await expireIncoming();
    } catch (thrown) {
      log.error({ err: asError(thrown) }, "cannot drop old mail");
    }
  }

  return {
    name: "mailroom",
    ring: () => alarm.ring(),
    async start() {
      const deal = await createDealer(settings);
      loop = run(deal);
      sweep = setInterval(() => void expire(), SWEEP_MS);
    },
    async stop() {
      stop.abort();
      alarm.ring();
      clearInterval(sweep);
      await loop;
    },
  };
}

/**
 * What is done with a mail: one to the envelope sender of a delivery is a report about it, all
 * others are commands.
 */
export async function createDealer(
  settings: Settings,
): Promise<(mail: IncomingMail) => Promise<string>> {
  const { bounces, control } = ownAddresses(settings);
  const { keyring, from } = settings.config.email;
  const seals = await openSeals(settings);
  const judgement = judgementOf(settings);
  const answering: Answering = {
    seals,
    ours: [bounces, control, parseMailbox(from)?.address ?? ""]
      .filter((address) => address !== "")
      .map((address) => address.toLowerCase()),
    keyring: keyring === undefined ? undefined : settingPath(settings, keyring),
  };
  const [bounceLocal = ""] = bounces.toLowerCase().split("@");
  return (mail) => {
    const recipient = mail.recipient.toLowerCase();
    const delivery = bounces === "" ? undefined : deliveryOfBounce(recipient, bounces, seals);
    if (delivery !== undefined) return dealWithReport(mail, delivery, judgement);
    const forBounces =
      recipient.startsWith(`${bounceLocal}+`) || recipient === bounces.toLowerCase();
    if (bounces !== "" && forBounces) return Promise.resolve("a report without our proof");
    return answerCommands(mail, answering);
  };
}
