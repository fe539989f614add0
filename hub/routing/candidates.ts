import type { ChannelKind, DeliverySubject } from "../channels/channel.ts";
import type { Deciding } from "./decide.ts";
import {
  AT_ONCE,
  type JournalledEvent,
  type Reason,
  type Suppression,
  type Tempo,
} from "./decision.ts";
import type { EventFacts, Facts } from "./facts.ts";
import { type Keyword, USUAL_KEYWORDS } from "./keyword.ts";
import type { Rulebook } from "./rulebook.ts";
import type { Entry } from "./subscription/book.ts";
import type { Subscriber, Subscription } from "./subscription/subscription.ts";
import { uploadMails } from "./uploads.ts";

/** A rule that wants a destination to hear of an event. */
export interface Candidate {
  destination: string;
  reason: Reason;
  tempo: Tempo;
  suppressed?: Suppression;
  subject?: DeliverySubject;
  urgent?: boolean;
}

/** Mails to who uploaded, and to the announce list. */
export function uploadsOf(
  { tag, data }: JournalledEvent,
  { subscribers }: Rulebook,
  { announce, kinds }: Deciding,
): Candidate[] {
  return uploadMails(tag, data, announce).flatMap((mail): Candidate[] => {
    // An uploader's address comes out of a key or a .changes file: what is no address gets no mail.
    const destination = mailDestination(mail.address, kinds);
    if (destination === undefined) return [];
    const { reason: name, subject } = mail;
    if (subject.announcement === true) {
      const reason = { name, ref: "configuration" };
      return [{ destination, reason, tempo: AT_ONCE, subject, urgent: true }];
    }
    if (subscribers.get(destination)?.ownUploads === false) return [];
    const reason = { name, ref: "own-uploads" };
    return [{ destination, reason, tempo: AT_ONCE, subject, urgent: true }];
  });
}

/** What people and rooms subscribed to. */
export function subscriptionsOf(facts: Facts, rulebook: Rulebook): Candidate[] {
  const teams = rulebook.teamsOf(facts);
  return rulebook.subscriptions.matching(facts, teams).flatMap((entry): Candidate[] => {
    const { subscription } = entry;
    const { destination } = subscription;
    if (!hearsKeyword(facts, entry, rulebook.subscribers.get(destination))) return [];
    const reason = { name: reasonOf(subscription), ref: `subscription:${subscription.id}` };
    const suppressed = mutedIn(subscription, facts);
    return [{ destination, reason, tempo: AT_ONCE, ...(suppressed ? { suppressed } : {}) }];
  });
}

/** Whoever maintains a package hears of it without asking. */
export function maintainersOf(
  facts: EventFacts,
  { subscribers }: Rulebook,
  kinds: readonly ChannelKind[],
): Candidate[] {
  const [keyword] = facts.values("keyword");
  return [...facts.owners.covered].flatMap(([address, packages]): Candidate[] => {
    const destination = mailDestination(address, kinds);
    if (destination === undefined) return [];
    const wishes = subscribers.get(destination);
    if (wishes?.ownPackages === false) return [];
    const chosen = wishes?.keywords ?? null;
    // Noise is heard only by who asked for its kind.
    if (facts.audience === "noise" && chosen === null) return [];
    if (!(chosen ?? USUAL_KEYWORDS).includes(keyword as Keyword)) return [];
    return packages
      .filter((name) => wishes?.declined.includes(name) !== true)
      .map((name) => ({
        destination,
        reason: { name: `you maintain ${name}`, ref: `own-packages:${name}` },
        tempo: AT_ONCE,
      }));
  });
}

/**
 * Whether the kind of news is one that a subscription hears. Mail about packages hears the usual
 * kinds unless others were chosen; rooms, and whoever subscribed to something else than packages,
 * hear all. Noise is heard by who names its tag, or chose its kind.
 */
export function hearsKeyword(
  facts: Facts,
  { subscription, namesTag }: Entry,
  subscriber: Subscriber | undefined,
): boolean {
  const [keyword] = facts.values("keyword");
  const { kind, destination } = subscription;
  const ofPackages = ["package", "source", "maintainer", "team"].includes(kind);
  const chosen = subscription.keywords ?? (ofPackages ? (subscriber?.keywords ?? null) : null);
  if (chosen !== null) return chosen.includes(keyword as Keyword);
  if (facts.audience === "noise") return kind === "keyword" || namesTag(facts);
  if (!ofPackages || !destination.startsWith("email:")) return true;
  return USUAL_KEYWORDS.includes(keyword as Keyword);
}

/** For people: `route 3 of @anna:example.org`. */
export function reasonOf({ id, owner }: Subscription): string {
  return `route ${id} of ${owner}`;
}

function mutedIn({ kind, muted, value }: Subscription, facts: Facts): Suppression | undefined {
  if (kind !== "team" || muted.length === 0) return undefined;
  const names = [...facts.values("source"), ...facts.values("package")];
  const name = muted.includes("*") ? "all packages" : names.find((one) => muted.includes(`${one}`));
  return name === undefined
    ? undefined
    : { by: "muted", name: `${name} of team ${value} is muted` };
}

function mailDestination(address: string, kinds: readonly ChannelKind[]): string | undefined {
  const canonical = kinds.find(({ name }) => name === "email")?.canonical(address);
  return canonical === undefined ? undefined : `email:${canonical}`;
}
