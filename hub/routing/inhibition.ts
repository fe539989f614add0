import { database } from "../../core/database/connect.ts";
import type { Suppression } from "./decision.ts";
import { compileExpression, type Predicate } from "./expression/compile.ts";
import { EVERYTHING } from "./expression/expression.ts";
import { parseExpression } from "./expression/parse.ts";
import type { Facts, Value } from "./facts.ts";
import { type Inhibition, milliseconds } from "./tree/schema.ts";

/** More combinations of values than these are not kept apart. */
const MOST_KEYS = 100;

interface Rule {
  name: string;
  equal: readonly string[];
  forMs: number;
  source: Predicate;
  until: Predicate | undefined;
  target: Predicate;
}

interface ActiveRow {
  rule: string;
  key: string;
  event: string;
  until: Date;
}

/**
 * What is the case now and keeps other news back: "the import of a suite fails" begins with one
 * event and ends with another, or after a while. Between them what matches `target` and has the
 * same values in the fields of `equal` is not told. The event that begins it is told itself.
 *
 * Several hubs share what is active through the database, and read it with each batch.
 */
export class Inhibitions {
  readonly #rules: readonly Rule[];
  readonly #active = new Map<string, ActiveRow>();
  readonly #changed = new Map<string, ActiveRow | undefined>();

  constructor(rules: readonly Inhibition[] = []) {
    this.#rules = rules.map(compile);
  }

  /** False: nothing needs to be read, noted or written. */
  get any(): boolean {
    return this.#rules.length > 0;
  }

  /** Reads what is active; within the transaction of a batch. */
  async read(): Promise<void> {
    this.#active.clear();
    this.#changed.clear();
    if (!this.any) return;
    const rows = await database().query<ActiveRow>(
      "select rule, key, event, until from inhibition where until > now()",
    );
    for (const row of rows) this.#active.set(idOf(row), row);
  }

  /** Takes in what an event begins or ends. Call it for each event, in order, before deciding. */
  note(facts: Facts, uuid: string, now: Date): void {
    for (const rule of this.#rules) {
      const begins = rule.source(facts);
      if (!begins && rule.until?.(facts) !== true) continue;
      for (const key of keysOf(rule, facts)) {
        const until = new Date(now.getTime() + rule.forMs);
        const row: ActiveRow = { rule: rule.name, key, event: uuid, until };
        if (begins) this.#active.set(idOf(row), row);
        else this.#active.delete(idOf(row));
        this.#changed.set(idOf(row), begins ? row : undefined);
      }
    }
  }

  /** What keeps an event back; undefined for nothing. */
  suppressing(facts: Facts, now: Date): Suppression | undefined {
    if (this.#active.size === 0) return undefined;
    for (const rule of this.#rules) {
      if (rule.source(facts) || !rule.target(facts)) continue;
      for (const key of keysOf(rule, facts)) {
        const active = this.#active.get(idOf({ rule: rule.name, key }));
        if (active === undefined || active.until <= now) continue;
        return { by: "inhibition", name: `${rule.name}, since event ${active.event}` };
      }
    }
    return undefined;
  }

  /** Writes down what was noted; within the transaction of the batch. */
  async write(): Promise<void> {
    for (const [id, row] of this.#changed) {
      const [rule, key] = JSON.parse(id) as [string, string];
      if (row === undefined) {
        await database().query("delete from inhibition where rule = $1 and key = $2", [rule, key]);
        continue;
      }
      await database().query(
        `insert into inhibition (rule, key, event, until) values ($1, $2, $3, $4)
         on conflict (rule, key) do update set event = excluded.event, until = excluded.until`,
        [rule, key, row.event, row.until],
      );
    }
    this.#changed.clear();
  }
}

function compile(rule: Inhibition): Rule {
  const { name, equal, source, until, target } = rule;
  const predicate = (text: string): Predicate => compileExpression(parseExpression(text));
  return {
    name,
    equal,
    forMs: milliseconds(rule.for),
    source: predicate(source),
    until: until === undefined ? undefined : predicate(until),
    target: target === "" ? compileExpression(EVERYTHING) : predicate(target),
  };
}

/** The values of the fields that must be equal, in all combinations; none when one is missing. */
function keysOf({ equal }: Rule, facts: Facts): string[] {
  let keys: Value[][] = [[]];
  for (const field of equal) {
    const values = facts.values(field);
    keys = keys.flatMap((key) => values.map((value) => [...key, value])).slice(0, MOST_KEYS);
  }
  return keys.map((key) => JSON.stringify(key));
}

function idOf({ rule, key }: Pick<ActiveRow, "rule" | "key">): string {
  return JSON.stringify([rule, key]);
}
