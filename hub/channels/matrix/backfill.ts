import type { HomeserverClient } from "./client.ts";
import { type Content, History, readEvents, type RoomEvent } from "./event.ts";

/** More than this many pages of 100 are not read: nobody waits for commands that old. */
const MAX_PAGES = 50;

export interface Gap {
  room: string;
  /** Where the timeline that was served begins. */
  from: string;
  /** Where the timeline that was served last ended. */
  to: string;
  /** The last event that was handled, if any: for servers that do not heed `to`. */
  lastSeen: string | undefined;
}

/**
 * Reads what a sync left out (`limited`), oldest first. The SDK drops it.
 *
 * @param isStart an event before which nothing concerns us: our own joining
 * @returns the events, and whether they are all there were
 * @throws HomeserverError
 */
export async function readGap(
  client: HomeserverClient,
  gap: Gap,
  filter: Content,
  isStart: (event: RoomEvent) => boolean,
): Promise<{ events: RoomEvent[]; complete: boolean }> {
  const found: RoomEvent[] = [];
  let from: string | undefined = gap.from;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const served = await client.messagesBefore(gap.room, from, gap.to, filter);
    const { chunk, end } = History.parse(served);
    for (const event of readEvents(chunk)) {
      if (event.event_id === gap.lastSeen) return { events: found.reverse(), complete: true };
      found.push(event);
      if (isStart(event)) return { events: found.reverse(), complete: true };
    }
    // An empty page with an `end` is allowed: all of it may have been filtered out.
    if (end === undefined || end === from) return { events: found.reverse(), complete: true };
    from = end;
  }
  return { events: found.reverse(), complete: false };
}
