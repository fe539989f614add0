import { randomUUID } from "node:crypto";
import { database } from "../../core/database/connect.ts";
import { asError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { storable, wakeDispatcher } from "../delivery/outbox.ts";
import type { DecidedEvent, Decision, JournalledEvent } from "../routing/decision.ts";
import { renderEvent, type RenderedEvent, type Rendering, unrenderable } from "./render.ts";

export interface Pacing extends Rendering {
  log: Log;
}

/** An event with the number of its row. */
export interface StoredEvent extends JournalledEvent {
  id: string;
}

/**
 * Brings what routing decided on its way, in the transaction that marks the events as routed:
 * deliveries for what is told at once.
 */
export async function pace(
  decided: readonly DecidedEvent<StoredEvent>[],
  pacing: Pacing,
): Promise<void> {
  const planned = decided.flatMap(({ event, decisions }) => {
    const told = decisions.filter((decision) => decision.suppressed === undefined);
    const rendered = told.length === 0 ? undefined : render(event, pacing);
    if (rendered === undefined) return [];
    return told.map((decision) => ({ eventId: event.id, decision, rendered }));
  });
  await insertDeliveries(planned);
}

function render(event: StoredEvent, pacing: Pacing): RenderedEvent | undefined {
  try {
    return renderEvent(event, pacing);
  } catch (thrown) {
    pacing.log.error({ err: asError(thrown), event: event.uuid, tag: event.tag }, "bad rendering");
    return unrenderable(event);
  }
}

interface Planned {
  eventId: string;
  decision: Decision;
  rendered: RenderedEvent;
}

async function insertDeliveries(planned: Planned[]): Promise<void> {
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
      planned.map(({ decision }) => decision.destination),
      planned.map(({ eventId }) => eventId),
      planned.map(({ rendered }) => storable(rendered.message)),
      planned.map(({ decision, rendered }) =>
        storable({ ...rendered.subject, ...decision.subject, ...because(decision) }),
      ),
      planned.map(({ decision }) => decision.reasons[0]?.name ?? ""),
    ],
  );
  await wakeDispatcher();
}

/** What the reader can end, for the link in the message. */
function because({ reasons }: Decision): { because?: string[] } {
  const refs = reasons.flatMap(({ ref }) => ref ?? []);
  return refs.length === 0 ? {} : { because: refs };
}
