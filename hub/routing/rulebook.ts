import { database } from "../../core/database/connect.ts";
import { Inhibitions } from "./inhibition.ts";
import type { Rule } from "./rules.ts";
import { compileSilence, type CompiledSilence, listSilences } from "./silence.ts";
import { SubscriptionBook } from "./subscription/book.ts";
import { refreshBook } from "./subscription/refresh.ts";
import { listSubscribers } from "./subscription/subscriber.ts";
import type { Subscriber } from "./subscription/subscription.ts";
import { listTeams, teamFinder, type TeamsOf } from "./team.ts";
import { EMPTY_TREE } from "./tree/schema.ts";
import { currentTree } from "./tree/store.ts";
import { compileTree, type TreeRoute } from "./tree/tree.ts";

/** All that decides who hears of what. */
export interface Rulebook {
  configured: readonly Rule[];
  tree: TreeRoute;
  inhibitions: Inhibitions;
  silences: readonly CompiledSilence[];
  subscriptions: SubscriptionBook;
  subscribers: ReadonlyMap<string, Subscriber>;
  teamsOf: TeamsOf;
}

/** Without a table. */
export function newRulebook(configured: readonly Rule[]): Rulebook {
  return {
    configured,
    tree: compileTree(EMPTY_TREE),
    inhibitions: new Inhibitions(),
    silences: [],
    subscriptions: new SubscriptionBook(),
    subscribers: new Map(),
    teamsOf: teamFinder([]),
  };
}

interface Version {
  part: string;
  version: string;
  reset: string;
}

/**
 * Keeps a rulebook: each call reads only what changed since the last one, in the order of commits
 * (see migration 020). The versions are read first, so that what comes in between is read twice
 * and never missed.
 */
export function createRulebook(configured: readonly Rule[]): () => Promise<Rulebook> {
  const rulebook = newRulebook(configured);
  const known = new Map<string, string>();
  const readers: Record<string, (version: Version) => Promise<void>> = {
    subscription: ({ part, reset }) =>
      refreshBook(rulebook.subscriptions, known.get(part) ?? "-1", reset),
    subscriber: async () => {
      const all = await listSubscribers();
      rulebook.subscribers = new Map(all.map((one) => [one.destination, one]));
    },
    silence: async () => {
      rulebook.silences = (await listSilences()).map(compileSilence);
    },
    tree: async () => {
      const file = await currentTree();
      rulebook.tree = compileTree(file);
      rulebook.inhibitions = new Inhibitions(file.inhibit);
    },
    team: async () => {
      rulebook.teamsOf = teamFinder(await listTeams());
    },
  };
  return async () => {
    const versions = await database().query<Version>("select * from routing_version");
    for (const version of versions) {
      if (known.get(version.part) === version.version) continue;
      await readers[version.part]?.(version);
      known.set(version.part, version.version);
    }
    return rulebook;
  };
}
