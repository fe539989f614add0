import { hearsKeyword, reasonOf } from "./candidates.ts";
import { explainExpression } from "./expression/explain.ts";
import type { EventFacts } from "./facts.ts";
import type { Rulebook } from "./rulebook.ts";
import type { Entry } from "./subscription/book.ts";
import { explainRoutes } from "./tree/tree.ts";
import { expressionOf } from "./subscription/expression-of.ts";

/** What one rule says to one event, and why. */
export interface Verdict {
  /** Of the rule, for people. */
  name: string;
  destination: string;
  matches: boolean;
  /** A few words: `package bash matches bash`, `the event names no suite`. */
  why: string;
}

/** With more subscriptions only those are asked that the event is for, or a destination has. */
const ALL_SHOWN = 200;

/**
 * Asks every rule about an event.
 *
 * @param destination only its rules, but all of them
 */
export function judge(facts: EventFacts, rulebook: Rulebook, destination?: string): Verdict[] {
  const teams = rulebook.teamsOf(facts);
  const { subscriptions } = rulebook;
  const asked =
    destination !== undefined
      ? subscriptions.of(destination)
      : subscriptions.size <= ALL_SHOWN
        ? subscriptions.all()
        : subscriptions.matching(facts, teams);
  const verdicts = [
    ...configured(facts, rulebook),
    ...inTree(facts, rulebook),
    ...asked.map((entry) => ofEntry(entry, facts, teams, rulebook)),
    ...maintained(facts, rulebook),
  ];
  return destination === undefined
    ? verdicts
    : verdicts.filter((verdict) => verdict.destination === destination);
}

function configured(facts: EventFacts, rulebook: Rulebook): Verdict[] {
  const matches = facts.audience === "people";
  const why = matches ? "hears everything meant for people" : noise(facts);
  return rulebook.configured.map((rule) => ({ ...rule, matches, why }));
}

function inTree(facts: EventFacts, { tree }: Rulebook): Verdict[] {
  return explainRoutes(tree, facts).flatMap(({ route, taken, why }) =>
    route.destinations.map((destination) => ({
      name: route.name,
      destination,
      matches: taken,
      why,
    })),
  );
}

function ofEntry(
  entry: Entry,
  facts: EventFacts,
  teams: readonly string[],
  { subscribers }: Rulebook,
): Verdict {
  const { subscription } = entry;
  const { kind, value, destination } = subscription;
  const name = reasonOf(subscription);
  if (kind === "team" && !teams.includes(value)) {
    return { name, destination, matches: false, why: `no package of it is of team ${value}` };
  }
  const said = explainExpression(expressionOf(subscription), facts);
  const why = said.why || (kind === "team" ? `it is of team ${value}` : "hears everything");
  if (!said.matches) return { name, destination, matches: false, why };
  if (hearsKeyword(facts, entry, subscribers.get(destination))) {
    return { name, destination, matches: true, why };
  }
  const [keyword] = facts.values("keyword");
  const chosen = subscription.keywords ?? subscribers.get(destination)?.keywords ?? null;
  const isNoise = facts.audience === "noise" && chosen === null;
  const refused = isNoise ? noise(facts) : `news of the kind ${keyword} were not chosen`;
  return { name, destination, matches: false, why: refused };
}

function maintained({ owners }: EventFacts, { subscribers }: Rulebook): Verdict[] {
  return [...owners.covered].map(([address, packages]) => {
    const destination = `email:${address}`;
    const wishes = subscribers.get(destination);
    const declined = packages.filter((name) => wishes?.declined.includes(name) === true);
    const matches = wishes?.ownPackages !== false && declined.length < packages.length;
    const why = matches
      ? `${address} is Maintainer or Uploader of ${packages.join(" ")}`
      : "news of maintained packages were declined";
    return { name: "maintainers hear of their packages", destination, matches, why };
  });
}

function noise({ tag }: EventFacts): string {
  return `${tag} is noise, which only a rule naming its tag hears`;
}
