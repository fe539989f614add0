import { LOCAL_ROOM, readRoom } from "../../channels/room/room.ts";
import type { Safe } from "../../../core/html.ts";
import type { Viewer } from "../access.ts";
import { eventRow } from "../parts/event.ts";
import { ROOM_LINES, roomEntry } from "../parts/room.ts";
import { type JournalEvent, listEvents } from "../read/events.ts";
import type { Web } from "../web.ts";
import type { PartCache } from "./part-cache.ts";
import type { Stream } from "./streams.ts";

/** Events that the stream on a page holds; older ones leave at its end. */
export const STREAM_ROWS = 20;

export interface WatchRequest {
  /** Ids of live parts, and `events` or `room` for the lists. */
  names: string[];
  viewer: Viewer;
  /** Number of the newest event and revision of the newest line that the page has. */
  since: { event: string; revision: string };
}

/** A page that is open somewhere. */
export interface PageFollower {
  stream: Stream;
  /** Sends the events that were written since the page was made. */
  catchUp(): Promise<void>;
  events(events: JournalEvent[]): void;
  /** Sends lines that were said or edited. */
  room(): Promise<void>;
  /** Sends the parts that differ from what was sent before. */
  parts(cache: PartCache): Promise<void>;
}

export function createPageFollower(
  web: Web,
  stream: Stream,
  { names, viewer, since }: WatchRequest,
): PageFollower {
  const hasEvents = names.includes("events");
  const hasRoom = names.includes("room");
  const partIds = names.filter((name) => name !== "events" && name !== "room");
  const sent = new Map<string, string>();
  const looked = new Map<string, number>();
  let { event: newestEvent, revision } = since;

  function entry(list: string, place: "first" | "last", keep: number, row: Safe): void {
    const data = { list, place, keep, html: row.text };
    stream.send({ event: "entry", id: `${newestEvent}.${revision}`, data });
  }

  function events(list: JournalEvent[]): void {
    if (!hasEvents) return;
    const now = new Date();
    for (const event of list.slice(-STREAM_ROWS)) {
      if (BigInt(event.id) > BigInt(newestEvent)) newestEvent = event.id;
      entry("events", "first", STREAM_ROWS, eventRow(web.registry, event, now));
    }
  }

  return {
    stream,
    events,
    async catchUp() {
      if (!hasEvents) return;
      // No more than the page can hold, and of those the newest.
      const newest = await listEvents({}, STREAM_ROWS);
      events(newest.filter((event) => BigInt(event.id) > BigInt(since.event)).reverse());
    },
    async room() {
      if (!hasRoom) return;
      const now = new Date();
      for (const line of await readRoom(LOCAL_ROOM, revision, ROOM_LINES)) {
        revision = line.revision;
        entry("room-log", "last", ROOM_LINES, roomEntry(line, now));
      }
    },
    async parts(cache) {
      const now = Date.now();
      for (const id of partIds) {
        const part = cache.find(id);
        if (part === undefined || now - (looked.get(id) ?? 0) < part.everyMs) continue;
        looked.set(id, now);
        const html = await cache.html(part, viewer);
        if (html !== sent.get(id)) stream.send({ event: "part", data: { id, html } });
        sent.set(id, html);
      }
    },
  };
}
