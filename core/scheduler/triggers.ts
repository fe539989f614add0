import { createAlarm } from "../alarm.ts";
import { database, inTransaction } from "../database/connect.ts";
import { asError } from "../errors.ts";
import { createEventReader, type ListedEvent } from "../events/event-list.ts";
import type { Log } from "../log.ts";
import { admit } from "../operation/ask.ts";
import type { OperationDeclaration } from "../operation/declare.ts";
import { enqueue } from "../operation/queue.ts";
import type { Registry } from "../operation/registry.ts";
import type { Service } from "../service.ts";

const POLL_MS = 1_000;
const BATCH = 500;

/**
 * Queues operations that events ask for. An event is considered once: taking it off the list and
 * the queued operation are one transaction, and replays do not make new rows.
 */
export function createTriggers(registry: Registry, log: Log): Service {
  const byTag = triggersByTag(registry);
  const take = createEventReader("event_to_consider");
  const alarm = createAlarm();
  let stopped = false;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        if ((await considerEvents(registry, byTag, take)) === BATCH) continue;
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot consider events");
      }
      await alarm.wait(POLL_MS);
    }
  }

  return {
    name: "triggers",
    start() {
      loop = run();
      return Promise.resolve();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await loop;
    },
  };
}

function triggersByTag(registry: Registry): Map<string, OperationDeclaration[]> {
  const byTag = new Map<string, OperationDeclaration[]>();
  for (const operation of registry.operations.values()) {
    for (const tag of operation.triggers?.tags ?? []) {
      byTag.set(tag, [...(byTag.get(tag) ?? []), operation]);
    }
  }
  return byTag;
}

/**
 * Looks at the events nobody considered yet.
 *
 * @returns how many it looked at
 */
export function considerEvents(
  registry: Registry,
  byTag: Map<string, OperationDeclaration[]> = triggersByTag(registry),
  take = createEventReader("event_to_consider"),
): Promise<number> {
  return inTransaction(async () => {
    const events = await take(BATCH);
    for (const event of events) {
      for (const operation of byTag.get(event.tag) ?? []) await trigger(registry, operation, event);
    }
    return events.length;
  });
}

async function trigger(
  registry: Registry,
  operation: OperationDeclaration,
  event: ListedEvent,
): Promise<void> {
  const parameters = await operation.triggers?.parameters(event.data);
  if (parameters === null || parameters === undefined) return;
  const waiting = await database().query(
    "select 1 from operation where name = $1 and state = 'queued' and parameters @> $2::jsonb",
    [operation.name, JSON.stringify(parameters)],
  );
  if (waiting.length > 0) return;
  const caller = { name: `event:${event.tag}`, role: "admin", origin: "event" } as const;
  await enqueue(await admit(registry, { operation: operation.name, parameters, caller }));
}
