import { understand } from "../../core/events/catalogue.ts";
import type { Registry } from "../../core/operation/registry.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { AT_ONCE, type Decision, type JournalledEvent } from "./decision.ts";
import { routeEvent, type Rule } from "./router.ts";
import { type Announce, uploadMails } from "./uploads.ts";

export interface Deciding {
  registry: Registry;
  kinds: readonly ChannelKind[];
  announce: Announce;
}

/**
 * Who is to hear of an event and why, each destination once. Pure: rules come in, nothing is read
 * or written, nothing is rendered.
 */
export function decide(
  event: JournalledEvent,
  rules: readonly Rule[],
  deciding: Deciding,
): Decision[] {
  const { tag, data } = event;
  const decisions = new Map<string, Decision>();
  for (const mail of uploadMails(tag, data, deciding.announce)) {
    const address = deciding.kinds.find(({ name }) => name === "email")?.canonical(mail.address);
    const destination = `email:${address}`;
    // An uploader's address comes out of a key or a .changes file: what is no address gets no mail.
    if (address === undefined || decisions.has(destination)) continue;
    const { reason, subject } = mail;
    decisions.set(destination, {
      destination,
      reasons: [{ name: reason }],
      tempo: AT_ONCE,
      subject,
      urgent: true,
    });
  }
  const understood = understand(deciding.registry.events, tag, data);
  for (const { destination, reason } of routeEvent({ ...understood, tag }, rules)) {
    if (decisions.has(destination)) continue;
    decisions.set(destination, { destination, reasons: [{ name: reason }], tempo: AT_ONCE });
  }
  return [...decisions.values()];
}
