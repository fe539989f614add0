import { type Anchor, anchorsOf } from "../expression/anchors.ts";
import { compileExpression, type Predicate } from "../expression/compile.ts";
import type { Facts } from "../facts.ts";
import { compileNamesTag, type NamesTag } from "../expression/noise.ts";
import { normalValue, printExpression } from "../expression/expression.ts";
import { AnchorIndex, TEAM } from "./anchor-index.ts";
import { expressionOf, fieldOf, isPlain } from "./expression-of.ts";
import type { Subscription } from "./subscription.ts";

/** A subscription that is found by its anchors, and what is still to be asked then. */
export interface Entry {
  subscription: Subscription;
  /** Its id, to be sorted by. */
  number: number;
  /** Undefined: who finds it has the event it is for. */
  holds: Predicate | undefined;
  namesTag: NamesTag;
}

type Compiled = Pick<Entry, "holds" | "namesTag"> & { anchors: readonly Anchor[] | undefined };

/**
 * All subscriptions, found by what an event is about: a hundred thousand cost no more than those
 * few that have a package, person, tag or suite of the event.
 */
export class SubscriptionBook {
  readonly #entries = new Map<string, Entry>();
  readonly #anchored = new AnchorIndex<Entry>();
  readonly #unanchored = new Map<string, Entry>();
  /** The same condition is often asked by many. */
  readonly #compiled = new Map<string, Compiled>();

  get size(): number {
    return this.#entries.size;
  }

  clear(): void {
    for (const part of [this.#entries, this.#anchored, this.#unanchored, this.#compiled]) {
      part.clear();
    }
  }

  /** Adds a subscription, or takes in how it is now. */
  put(subscription: Subscription): void {
    this.remove(subscription.id);
    const { anchors, holds, namesTag } = this.#compile(subscription);
    const number = Number(subscription.id);
    const entry: Entry = { subscription, number, holds, namesTag };
    this.#entries.set(subscription.id, entry);
    if (anchors === undefined) this.#unanchored.set(subscription.id, entry);
    else for (const anchor of anchors) this.#anchored.hang(anchor, entry);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (this.#unanchored.delete(id)) return;
    for (const anchor of this.#compile(entry.subscription).anchors ?? []) {
      this.#anchored.take(anchor, entry);
    }
  }

  /**
   * The subscriptions that an event is for, each once, the oldest first.
   *
   * @param teams slugs of the teams that its packages belong to
   */
  matching(facts: Facts, teams: readonly string[] = []): Entry[] {
    const found: Entry[] = [];
    const ask = (entry: Entry): void => {
      if (entry.holds === undefined || entry.holds(facts)) found.push(entry);
    };
    this.#anchored.find(facts, teams, ask);
    this.#unanchored.forEach(ask);
    if (found.length < 2) return found;
    found.sort((a, b) => a.number - b.number);
    return found.filter((entry, at) => entry !== found[at - 1]);
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  /** What a destination subscribed to. */
  of(destination: string): Entry[] {
    return this.all().filter((entry) => entry.subscription.destination === destination);
  }

  #compile(subscription: Subscription): Compiled {
    const { kind, value } = subscription;
    if (isPlain(subscription)) return plain(kind === "team" ? TEAM : fieldOf(kind), value);
    const expression = expressionOf(subscription);
    const text = printExpression(expression);
    let compiled = this.#compiled.get(text);
    if (compiled === undefined) {
      const anchors = anchorsOf(expression);
      const holds = compileExpression(expression);
      compiled = { anchors, holds, namesTag: compileNamesTag(expression) };
      this.#compiled.set(text, compiled);
    }
    return kind === "team" ? { ...compiled, anchors: plain(TEAM, value).anchors } : compiled;
  }
}

const NAMES_NOTHING: NamesTag = () => false;

/** Who finds it by its name has the event it is for. */
function plain(field: string, value: string): Compiled {
  const anchors = [{ field, text: normalValue(field, value), beginning: false }];
  return { anchors, holds: undefined, namesTag: NAMES_NOTHING };
}
