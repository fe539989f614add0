import { type Anchor, ANCHOR_FIELDS } from "../expression/anchors.ts";
import type { Facts } from "../facts.ts";

/** The anchor of teams, which are no field of an event. */
export const TEAM = "team";

/** What can be found by one field: by whole values, and by beginnings of several lengths. */
interface FieldIndex<Item> {
  whole: Map<string, Item[]>;
  beginnings: Map<number, Map<string, Item[]>>;
}

/** Items by their anchors: an event looks up the few that it has itself. */
export class AnchorIndex<Item> {
  readonly #fields = new Map<string, FieldIndex<Item>>();

  clear(): void {
    this.#fields.clear();
  }

  hang(anchor: Anchor, item: Item): void {
    const texts = this.#texts(anchor);
    const others = texts.get(anchor.text);
    if (others === undefined) texts.set(anchor.text, [item]);
    else others.push(item);
  }

  take(anchor: Anchor, item: Item): void {
    const texts = this.#texts(anchor);
    const left = (texts.get(anchor.text) ?? []).filter((one) => one !== item);
    if (left.length > 0) texts.set(anchor.text, left);
    else texts.delete(anchor.text);
  }

  /** Hands on each item that has an anchor in common with an event; some perhaps twice. */
  find(facts: Facts, teams: readonly string[], use: (item: Item) => void): void {
    const ofTeams = this.#fields.get(TEAM);
    if (ofTeams !== undefined) for (const team of teams) ofTeams.whole.get(team)?.forEach(use);
    for (const field of ANCHOR_FIELDS) {
      const index = this.#fields.get(field);
      if (index === undefined) continue;
      for (const value of facts.values(field)) {
        const text = String(value);
        index.whole.get(text)?.forEach(use);
        for (const [length, texts] of index.beginnings) {
          if (text.length >= length) texts.get(text.slice(0, length))?.forEach(use);
        }
      }
    }
  }

  #texts({ field, text, beginning }: Anchor): Map<string, Item[]> {
    let index = this.#fields.get(field);
    if (index === undefined) {
      index = { whole: new Map(), beginnings: new Map() };
      this.#fields.set(field, index);
    }
    if (!beginning) return index.whole;
    let texts = index.beginnings.get(text.length);
    if (texts === undefined) {
      texts = new Map();
      index.beginnings.set(text.length, texts);
    }
    return texts;
  }
}
