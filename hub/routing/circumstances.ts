import { type Understood, understand } from "../../core/events/catalogue.ts";
import type { Registry } from "../../core/operation/registry.ts";
import type { JournalledEvent } from "./decision.ts";
import { EventFacts } from "./facts.ts";
import type { OwnerStore } from "./owner-store.ts";
import { type Coverage, ownersOf } from "./owners.ts";

/** An event with what the rules want to know of it. */
export interface Gathered<Event extends JournalledEvent> {
  event: Event;
  understood: Understood;
  facts: EventFacts;
}

/** Understands events, and looks up who maintains their packages, for all of them at once. */
export async function gather<Event extends JournalledEvent>(
  events: readonly Event[],
  registry: Registry,
  store: OwnerStore,
  coverage: Coverage,
): Promise<Gathered<Event>[]> {
  const understood = events.map(({ tag, data }) => understand(registry.events, tag, data));
  await store.read(understood.flatMap(({ subject }) => subject.packages ?? []));
  return events.map((event, index) => {
    const known = understood[index] ?? understand(registry.events, event.tag, event.data);
    const owners = ownersOf(known.subject, store.rowsOf, coverage);
    const facts = new EventFacts(event.tag, event.data, known, owners);
    return { event, understood: known, facts };
  });
}
