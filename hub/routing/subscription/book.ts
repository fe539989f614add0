import { type Anchor, ANCHOR_FIELDS, anchorsOf } from "../expression/anchors.ts";
import { LONGEST_PREFIX, PREFIX_FIELDS } from "../expression/anchors.ts";
import { compileExpression, type Predicate } from "../expression/compile.ts";
import type { Facts } from "../facts.ts";
import { compileNamesTag, type NamesTag } from "../expression/noise.ts";
import { printExpression } from "../expression/expression.ts";
import { expressionOf, isPlain } from "./expression-of.ts";
import type { Subscription } from "./subscription.ts";

/** A subscription that is found by its anchors, and what is still to be asked then. */
export interface Entry {
  subscription: Subscription;
  /** Undefined: who finds it has the event it is for. */
  holds: Predicate | undefined;
  namesTag: NamesTag;
}

type Compiled = Pick<Entry, "holds" | "namesTag"> & { anchors: Anchor[] | undefined };

const NAMES_NOTHING: NamesTag = () => false;

/**
 * All subscriptions, found by what an event is about: a hundred thousand cost no more than those
 * few that have a package, person, tag or suite of the event.
 */
export class SubscriptionBook {
  readonly #entries = new Map<string, Entry>();
  readonly #anchored = new Map<Anchor, Entry[]>();
  /** Which fields are worth looking up, and how many anchors each has. */
  readonly #fields = new Map<string, number>();
  readonly #unanchored = new Map<string, Entry>();
  /** The same condition is often asked by many. */
  readonly #compiled = new Map<string, Compiled>();

  get size(): number {
    return this.#entries.size;
  }

  clear(): void {
    for (const map of [this.#entries, this.#anchored, this.#fields, this.#unanchored]) map.clear();
    this.#compiled.clear();
  }

  /** Adds a subscription, or takes in how it is now. */
  put(subscription: Subscription): void {
    this.remove(subscription.id);
    const { anchors, holds, namesTag } = this.#compile(subscription);
    const entry: Entry = { subscription, holds, namesTag };
    this.#entries.set(subscription.id, entry);
    if (anchors === undefined) this.#unanchored.set(subscription.id, entry);
    else for (const anchor of anchors) this.#hang(anchor, entry);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (this.#unanchored.delete(id)) return;
    for (const anchor of this.#compile(entry.subscription).anchors ?? []) {
      const left = (this.#anchored.get(anchor) ?? []).filter((one) => one !== entry);
      this.#count(anchor, -1);
      if (left.length === 0) this.#anchored.delete(anchor);
      else this.#anchored.set(anchor, left);
    }
  }

  /**
   * The subscriptions that an event is for, each once, the oldest first.
   *
   * @param teams slugs of the teams that its packages belong to
   */
  matching(facts: Facts, teams: readonly string[] = []): Entry[] {
    const found = new Set<Entry>();
    for (const anchor of this.#anchorsOf(facts, teams)) {
      for (const entry of this.#anchored.get(anchor) ?? []) {
        if (entry.holds === undefined || entry.holds(facts)) found.add(entry);
      }
    }
    for (const entry of this.#unanchored.values()) {
      if (entry.holds === undefined || entry.holds(facts)) found.add(entry);
    }
    if (found.size < 2) return [...found];
    return [...found].toSorted((a, b) => Number(a.subscription.id) - Number(b.subscription.id));
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  /** What a destination subscribed to. */
  of(destination: string): Entry[] {
    return this.all().filter((entry) => entry.subscription.destination === destination);
  }

  *#anchorsOf(facts: Facts, teams: readonly string[]): Generator<Anchor> {
    for (const team of teams) yield `team=${team}`;
    for (const field of ANCHOR_FIELDS) {
      const whole = this.#fields.has(`${field}=`);
      const beginning = PREFIX_FIELDS.includes(field) && this.#fields.has(`${field}^`);
      if (!whole && !beginning) continue;
      for (const value of facts.values(field)) {
        if (whole) yield `${field}=${value}`;
        if (!beginning) continue;
        for (let length = 1; length <= LONGEST_PREFIX; length++) {
          yield `${field}^${String(value).slice(0, length)}`;
        }
      }
    }
  }

  #hang(anchor: Anchor, entry: Entry): void {
    const others = this.#anchored.get(anchor);
    if (others === undefined) this.#anchored.set(anchor, [entry]);
    else others.push(entry);
    this.#count(anchor, 1);
  }

  #count(anchor: Anchor, by: number): void {
    const [field = ""] = /^[a-z]+[=^]/.exec(anchor) ?? [];
    const count = (this.#fields.get(field) ?? 0) + by;
    if (count > 0) this.#fields.set(field, count);
    else this.#fields.delete(field);
  }

  #compile(subscription: Subscription): Compiled {
    if (isPlain(subscription)) return plain(subscription);
    const expression = expressionOf(subscription);
    const text = printExpression(expression);
    let compiled = this.#compiled.get(text);
    if (compiled === undefined) {
      const anchors = anchorsOf(expression);
      const holds = compileExpression(expression);
      compiled = { anchors, holds, namesTag: compileNamesTag(expression) };
      this.#compiled.set(text, compiled);
    }
    return subscription.kind === "team"
      ? { ...compiled, anchors: anchorOfTeam(subscription) }
      : compiled;
  }
}

function plain(subscription: Subscription): Compiled {
  if (subscription.kind === "team") {
    return { anchors: anchorOfTeam(subscription), holds: undefined, namesTag: NAMES_NOTHING };
  }
  const anchors = anchorsOf(expressionOf(subscription));
  return { anchors, holds: undefined, namesTag: NAMES_NOTHING };
}

function anchorOfTeam({ value }: Subscription): Anchor[] {
  return [`team=${value}`];
}
