import { database } from "../../core/database/connect.ts";
import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";

/** Counts for the metrics that no row keeps, of all hub processes together. */
export interface Counters extends Service {
  /** Adds one to a counter. */
  count(name: string, labels: Record<string, string>): void;
  /** Adds a value to a histogram. */
  observe(name: string, labels: Record<string, string>, seconds: number): void;
}

/** Upper bounds of the histogram, in seconds: an answer, a retry, an outage, given up. */
export const BOUNDS_S = [
  0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 604_800,
];

/** So much is lost of them by a kill; the books of deliveries and frames are kept exactly. */
const FLUSH_MS = 5_000;

export function createCounters(log: Log): Counters {
  const waiting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function add(name: string, labels: Record<string, string>, value: number): void {
    const key = JSON.stringify([name, labels]);
    waiting.set(key, (waiting.get(key) ?? 0) + value);
  }

  async function flush(): Promise<void> {
    const taken = [...waiting];
    waiting.clear();
    if (taken.length === 0) return;
    try {
      await write(taken.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    } catch (thrown) {
      for (const [key, value] of taken) waiting.set(key, (waiting.get(key) ?? 0) + value);
      log.warn({ err: asError(thrown) }, "cannot keep the counters of deliveries");
    }
  }

  return {
    name: "counters",
    count: (name, labels) => add(name, labels, 1),
    observe(name, labels, seconds) {
      for (const bound of BOUNDS_S) {
        if (seconds <= bound) add(`${name}_bucket`, { ...labels, le: String(bound) }, 1);
      }
      add(`${name}_bucket`, { ...labels, le: "+Inf" }, 1);
      add(`${name}_sum`, labels, seconds);
      add(`${name}_count`, labels, 1);
    },
    start() {
      timer = setInterval(() => {
        writing = writing.then(flush);
      }, FLUSH_MS);
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      await writing;
      await flush();
    },
  };
}

/** In one order for all, so that two writers never wait for each other in a ring. */
async function write(counts: [key: string, value: number][]): Promise<void> {
  const named = counts.map(([key, value]) => {
    const [name, labels] = JSON.parse(key) as [string, Record<string, string>];
    return { name, labels: JSON.stringify(labels), value };
  });
  await database().query(
    `insert into hub_counter as counter (name, labels, value)
     select * from unnest($1::text[], $2::jsonb[], $3::float8[])
     on conflict (name, labels) do update set value = counter.value + excluded.value`,
    [
      named.map(({ name }) => name),
      named.map(({ labels }) => labels),
      named.map(({ value }) => value),
    ],
  );
}
