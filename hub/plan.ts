import { understand } from "../core/events/catalogue.ts";
import type { Links } from "../core/events/declare.ts";
import type { Message } from "../core/message.ts";
import type { Registry } from "../core/operation/registry.ts";
import type { ChannelKind, DeliverySubject } from "./channels/channel.ts";
import { type Recipient, routeEvent, type Rule } from "./router.ts";
import { uploadMails } from "./uploads.ts";

/** An event of the journal, as much of it as routing needs. */
export interface JournalledEvent {
  uuid: string;
  tag: string;
  data: unknown;
}

/** What one destination is to be told of one event. */
export interface PlannedDelivery extends Recipient {
  message: Message;
  subject: DeliverySubject;
}

export interface Planning {
  registry: Registry;
  links: Links;
  kinds: readonly ChannelKind[];
  /** Address of the announce list, "" for none. */
  announce: string;
}

/**
 * What is to be sent for an event, each destination once. Nothing, when its declaration has nothing
 * to say. Pure: rules come in, nothing is read or written.
 *
 * @throws what a declaration's rendering throws, which is a bug in it
 */
export function planDeliveries(
  event: JournalledEvent,
  rules: readonly Rule[],
  planning: Planning,
): PlannedDelivery[] {
  const { tag, data, uuid } = event;
  const understood = understand(planning.registry.events, tag, data);
  const message = understood.render(planning.links);
  if (message === null) return [];
  const about: DeliverySubject = { ...understood.subject, tag, event: uuid };
  const planned = new Map<string, PlannedDelivery>();
  for (const mail of uploadMails(tag, data, planning.announce)) {
    const address = planning.kinds.find(({ name }) => name === "email")?.canonical(mail.address);
    const destination = `email:${address}`;
    // An uploader's address comes out of a key or a .changes file: what is no address gets no mail.
    if (address === undefined || planned.has(destination)) continue;
    const subject = { ...about, ...mail.subject };
    planned.set(destination, { destination, reason: mail.reason, message, subject });
  }
  for (const { destination, reason } of routeEvent({ ...understood, tag }, rules)) {
    if (planned.has(destination)) continue;
    planned.set(destination, { destination, reason, message, subject: about });
  }
  return [...planned.values()];
}
