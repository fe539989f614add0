import { createAlarm } from "../../core/alarm.ts";
import { database, inTransaction } from "../../core/database/connect.ts";
import { asError } from "../../core/errors.ts";
import { createEventReader } from "../../core/events/event-list.ts";
import type { Log } from "../../core/log.ts";
import type { Service } from "../../core/service.ts";
import type { StoredEvent } from "../pacing/news.ts";
import { pace, type Pacing } from "../pacing/pace.ts";
import { createRushWatch } from "../pacing/rush.ts";
import { gather, type Gathered } from "./circumstances.ts";
import { decide, type Deciding, decideSimply } from "./decide.ts";
import type { DecidedEvent } from "./decision.ts";
import { createOwnerStore } from "./owner-store.ts";
import type { Coverage } from "./owners.ts";
import { createRulebook, type Rulebook } from "./rulebook.ts";
import type { Rule } from "./rules.ts";

const BATCH = 500;
const POLL_MS = 1_000;

export interface RoutingOptions extends Deciding, Pacing {
  /** Rules of the configuration. */
  configured: readonly Rule[];
  /** Whose packages are told to their maintainers. */
  coverage: Coverage;
  log: Log;
}

/** Turns events of the journal into deliveries. `ring` when there may be new ones. */
export interface Routing extends Service {
  ring(): void;
}

/** Routes what nobody has routed yet; several processes may run one each. */
export function createRouting(options: RoutingOptions): Routing {
  const alarm = createAlarm();
  const stop = new AbortController();
  const route = createRouteBatch(options);
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      let routed = 0;
      try {
        routed = await route();
      } catch (thrown) {
        options.log.error({ err: asError(thrown) }, "cannot route events");
      }
      if (routed < BATCH) await alarm.wait(POLL_MS);
    }
  }

  return {
    name: "routing",
    ring: () => alarm.ring(),
    start() {
      loop = run();
      return Promise.resolve();
    },
    async stop() {
      stop.abort();
      alarm.ring();
      await loop;
    },
  };
}

/**
 * A function that routes one batch: it takes events off the list and makes their deliveries, in
 * one transaction. Returns how many events it took.
 */
export function createRouteBatch(options: RoutingOptions): () => Promise<number> {
  const readRules = createRulebook(options.configured);
  const owners = createOwnerStore();
  const take = createEventReader("event_to_route");
  const isRush = createRushWatch();
  return () =>
    inTransaction(async () => {
      const events = await take(BATCH);
      if (events.length === 0) return 0;
      const rulebook = await readRules();
      const gathered = await gather(events, options.registry, owners, options.coverage);
      const now = new Date();
      const decided = await decideAll(gathered, rulebook, options, now);
      const backlog = isRush(events.length, now) || (await moreToRoute(events));
      await pace(decided, options, { now, backlog });
      return events.length;
    });
}

/** In the order of the events: one may hold back those after it. */
async function decideAll(
  gathered: readonly Gathered<StoredEvent>[],
  rulebook: Rulebook,
  options: RoutingOptions,
  now: Date,
): Promise<DecidedEvent<StoredEvent>[]> {
  await rulebook.inhibitions.read();
  const decided = gathered.map(({ event, understood, facts }) => {
    try {
      rulebook.inhibitions.note(facts, event.uuid, now);
      return { event, understood, decisions: decide(event, rulebook, options, { facts, now }) };
    } catch (thrown) {
      // A bug with one event must not hold up all others; those who hear everything hear of it.
      options.log.error({ err: asError(thrown), event: event.uuid, tag: event.tag }, "bad rule");
      return { event, understood, decisions: decideSimply(facts, rulebook) };
    }
  });
  await rulebook.inhibitions.write();
  return decided;
}

/** Whether events came after these: then it is not to be seen yet how many there are. */
async function moreToRoute(events: readonly { id: string }[]): Promise<boolean> {
  const rows = await database().query("select from event_to_route where event_id > $1 limit 1", [
    events.at(-1)?.id,
  ]);
  return rows.length > 0;
}
