import { type EventFilter, eventMatches } from "../read/event-filter.ts";
import { type JournalEvent, listEvents } from "../read/events.ts";
import type { Web } from "../web.ts";
import { eventJson } from "../api/event-json.ts";
import type { Stream } from "./streams.ts";

/** Events of the past that are sent to one that was away. */
const CATCH_UP = 10_000;
const PAGE = 100;

export interface EventsRequest {
  filter: EventFilter;
  /** Number of the last event heard; without it only new ones are sent. */
  since: string | undefined;
}

/** A program that hears events. */
export interface EventFollower {
  stream: Stream;
  events(events: JournalEvent[]): void;
  /** Sends what it missed; what happens meanwhile waits. */
  catchUp(): Promise<void>;
}

export function createEventFollower(
  web: Web,
  stream: Stream,
  { filter, since }: EventsRequest,
): EventFollower {
  /** What came while catching up, to be sent after it; then undefined. */
  let waiting: JournalEvent[] | undefined = [];
  /** Sent while catching up: the loop that all share may come by them later. */
  const sent = new Set<string>();

  function send(event: JournalEvent): void {
    if (sent.has(event.id)) return;
    stream.send({ event: "event", id: event.id, data: eventJson(web.registry, event) });
  }

  return {
    stream,
    events(events) {
      for (const event of events) {
        if (!eventMatches(filter, event)) continue;
        if (waiting === undefined) send(event);
        else waiting.push(event);
      }
    },
    async catchUp() {
      let after = since;
      while (after !== undefined && sent.size < CATCH_UP && !stream.closed) {
        const page = await listEvents({ ...filter, after }, PAGE);
        for (const event of page) {
          send(event);
          sent.add(event.id);
        }
        after = page.length < PAGE ? undefined : page.at(-1)?.id;
      }
      const late = waiting ?? [];
      waiting = undefined;
      late.forEach(send);
    },
  };
}
