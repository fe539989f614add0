import { understand } from "../../core/events/catalogue.ts";
import type { Registry } from "../../core/operation/registry.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { type Candidate, maintainersOf, subscriptionsOf, uploadsOf } from "./candidates.ts";
import { AT_ONCE, type Decision, type JournalledEvent } from "./decision.ts";
import { EventFacts } from "./facts.ts";
import type { Rulebook } from "./rulebook.ts";
import { suppressionOf } from "./suppression.ts";
import { mutedAt, routesOf } from "./tree/tree.ts";
import type { Announce } from "./uploads.ts";

export interface Deciding {
  registry: Registry;
  kinds: readonly ChannelKind[];
  announce: Announce;
}

/** What the rules are asked about, beyond the event itself. */
export interface Circumstances {
  /** What can be asked about it; without them nobody is known to maintain its packages. */
  facts?: EventFacts;
  now?: Date;
}

/**
 * Who is to hear of an event and why: each destination once, with all the reasons there are. Pure:
 * rules come in, nothing is read or written, nothing is rendered.
 */
export function decide(
  event: JournalledEvent,
  rulebook: Rulebook,
  deciding: Deciding,
  circumstances: Circumstances = {},
): Decision[] {
  const { tag, data } = event;
  const { now = new Date() } = circumstances;
  const facts =
    circumstances.facts ??
    new EventFacts(tag, data, understand(deciding.registry.events, tag, data));
  const candidates: Candidate[] = [
    ...uploadsOf(event, rulebook, deciding),
    ...configuredOf(facts, rulebook),
    ...treeOf(facts, rulebook, now),
    ...subscriptionsOf(facts, rulebook),
    ...maintainersOf(facts, rulebook, deciding.kinds),
  ];
  return [...byDestination(candidates)].map(([destination, those]) => {
    const decision = merge(destination, those);
    const suppressed = decision.suppressed ?? suppressionOf(facts, decision, rulebook, now);
    return suppressed === undefined ? decision : { ...decision, suppressed };
  });
}

/** As `decide`, by the configuration alone: for an event that the other rules fail with. */
export function decideSimply(facts: EventFacts, rulebook: Rulebook): Decision[] {
  const candidates = configuredOf(facts, rulebook);
  return [...byDestination(candidates)].map(([destination, those]) => merge(destination, those));
}

/** Rooms and addresses of the configuration hear everything meant for people. */
function configuredOf(facts: EventFacts, { configured }: Rulebook): Candidate[] {
  const hearing = configured.filter(({ only }) =>
    only === undefined ? facts.audience !== "noise" : only === facts.tag,
  );
  return hearing.map(({ name, destination, only }) => ({
    destination,
    reason: { name, ref: "configuration" },
    tempo: AT_ONCE,
    ...(only === undefined ? {} : { urgent: true }),
  }));
}

/** The destinations of the routes that the event ends in. */
function treeOf(facts: EventFacts, { tree }: Rulebook, now: Date): Candidate[] {
  return routesOf(tree, facts).flatMap((route) => {
    const suppressed = mutedAt(route, now);
    const { name, tempo } = route;
    return route.destinations.map((destination) => ({
      destination,
      reason: { name },
      tempo,
      ...(suppressed === undefined ? {} : { suppressed }),
    }));
  });
}

function byDestination(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const found = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const those = found.get(candidate.destination);
    if (those === undefined) found.set(candidate.destination, [candidate]);
    else those.push(candidate);
  }
  return found;
}

/** What one rule does not tell another may: only when all keep silent, nothing is told. */
function merge(destination: string, candidates: readonly Candidate[]): Decision {
  const telling = candidates.filter((one) => one.suppressed === undefined);
  const [first, ...others] = telling.length > 0 ? telling : candidates;
  if (first === undefined) throw new Error("a destination without a reason");
  const { tempo, suppressed, subject, urgent } = first;
  return {
    destination,
    reasons: [first, ...others].map((one) => one.reason),
    tempo,
    ...(suppressed === undefined ? {} : { suppressed }),
    ...(subject === undefined ? {} : { subject }),
    ...(urgent === true ? { urgent } : {}),
  };
}
