import { randomUUID } from "node:crypto";
import { createAlarm } from "../core/alarm.ts";
import { database, inTransaction } from "../core/database/connect.ts";
import { asError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Message } from "../core/message.ts";
import type { Service } from "../core/service.ts";
import { storable, wakeDispatcher } from "./outbox.ts";
import {
  type JournalledEvent,
  planDeliveries,
  type PlannedDelivery,
  type Planning,
} from "./plan.ts";
import { cachedRules } from "./rules.ts";
import type { Rule } from "./router.ts";

const BATCH = 200;
const POLL_MS = 1_000;

export interface RoutingOptions extends Planning {
  /** Rules of the configuration. */
  configured: readonly Rule[];
  log: Log;
}

/** Turns events of the journal into deliveries. `ring` when there may be new ones. */
export interface Routing extends Service {
  ring(): void;
}

interface EventRow extends JournalledEvent {
  id: string;
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
 * A function that routes one batch: event by event its deliveries, and "routed" on the event, in
 * one transaction. Returns how many events it took.
 */
export function createRouteBatch(options: RoutingOptions): () => Promise<number> {
  const readRules = cachedRules();
  return () =>
    inTransaction(async () => {
      const events = await database().query<EventRow>(
        `select id, uuid, tag, data from event where routed_at is null
          order by id limit $1 for update skip locked`,
        [BATCH],
      );
      if (events.length === 0) return 0;
      // The uploader's own rules come first, then the configuration's, then the table's.
      const rules = [...options.configured, ...(await readRules())];
      const planned = events.flatMap((event) =>
        plan(event, rules, options).map((delivery) => ({ ...delivery, eventId: event.id })),
      );
      await insertDeliveries(planned);
      await database().query("update event set routed_at = now() where id = any($1)", [
        events.map((event) => event.id),
      ]);
      return events.length;
    });
}

/** One event whose rendering has a bug must not hold up all others. */
function plan(event: EventRow, rules: Rule[], options: RoutingOptions): PlannedDelivery[] {
  try {
    return planDeliveries(event, rules, options);
  } catch (thrown) {
    options.log.error({ err: asError(thrown), event: event.uuid, tag: event.tag }, "bad rendering");
    const message: Message = {
      tone: "attention",
      headline: ["Event ", { code: event.tag }, " cannot be shown"],
      details: [["Its rendering has a bug; see the log. Event ", { code: event.uuid }]],
    };
    const subject = { tag: event.tag, event: event.uuid };
    return options.configured.map(({ destination, name }) => ({
      destination,
      reason: name,
      message,
      subject,
    }));
  }
}

async function insertDeliveries(planned: (PlannedDelivery & { eventId: string })[]): Promise<void> {
  if (planned.length === 0) return;
  await database().query(
    `insert into delivery (id, destination, event_id, message, subject, reason)
     select id, destination, event_id, message::jsonb, subject::jsonb, reason
       from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
            with ordinality as d (id, destination, event_id, message, subject, reason, place)
      order by place
     on conflict (event_id, destination) do nothing`,
    [
      planned.map(() => randomUUID()),
      planned.map((delivery) => delivery.destination),
      planned.map((delivery) => delivery.eventId),
      planned.map((delivery) => storable(delivery.message)),
      planned.map((delivery) => storable(delivery.subject)),
      planned.map((delivery) => delivery.reason),
    ],
  );
  await wakeDispatcher();
}
