import { setTimeout as sleep } from "node:timers/promises";
import { createAlarm } from "../../../core/alarm.ts";
import { asError } from "../../../core/errors.ts";
import { JOURNAL_CHANNEL } from "../../../core/events/journal.ts";
import { OPERATION_CHANNEL } from "../../../core/operation/queue.ts";
import type { Service } from "../../../core/service.ts";
import { ROOM_CHANNEL } from "../../channels/room/room.ts";
import { createListener } from "../../../core/database/listen.ts";
import type { JournalEvent } from "../read/events.ts";
import type { Web } from "../web.ts";
import { createEventCursor, type EventCursor } from "./event-cursor.ts";
import { createEventFollower, type EventFollower, type EventsRequest } from "./event-follower.ts";
import { createPageFollower, type PageFollower, type WatchRequest } from "./page-follower.ts";
import { createPartCache } from "./part-cache.ts";
import { createStreams, type Stream } from "./streams.ts";

/** When is looked although nothing announced a change. */
const LOOK_MS = 1_000;
/** Announcements within this time are taken together. */
const GATHER_MS = 80;

/** What goes on while somebody watches. */
export interface Live extends Service {
  /** A page that follows some of its parts. @throws OperatorError `TOO_MANY_STREAMS` */
  watch(request: WatchRequest, address: string): Promise<Stream>;
  /** A program that hears each event. @throws OperatorError `TOO_MANY_STREAMS` */
  hear(request: EventsRequest, address: string): Promise<Stream>;
}

/**
 * One loop for all streams: what changed is read and rendered once, however many watch, and
 * nothing is read while nobody does.
 */
export function createLive(web: Web): Live {
  const streams = createStreams();
  const alarm = createAlarm();
  const bells = [OPERATION_CHANNEL, ROOM_CHANNEL, JOURNAL_CHANNEL].map((name) => [
    name,
    alarm.ring,
  ]);
  const listener = createListener(Object.fromEntries(bells), web.log);
  const pages = new Set<PageFollower>();
  const hearers = new Set<EventFollower>();
  const stop = new AbortController();
  let cursor: EventCursor | undefined;
  /** The last failure, to log only what changed. */
  let fault = "";
  let loop: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    for (const page of pages) if (page.stream.closed) pages.delete(page);
    for (const hearer of hearers) if (hearer.stream.closed) hearers.delete(hearer);
    if (pages.size + hearers.size === 0) {
      // What happens unwatched is read from the journal by the next page, not from here.
      cursor = undefined;
      return;
    }
    const events = (await cursor?.next()) ?? [];
    for (const hearer of hearers) hearer.events(events);
    await showOn(events);
    if (events.length > 0) alarm.ring();
  }

  async function showOn(events: JournalEvent[]): Promise<void> {
    const parts = createPartCache(web);
    for (const page of pages) {
      page.events(events);
      await page.room();
      await page.parts(parts);
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await round();
        fault = "";
      } catch (thrown) {
        const { message } = asError(thrown);
        if (message !== fault) web.log.warn({ err: thrown }, "cannot read what changed for pages");
        fault = message;
      }
      await alarm.wait(LOOK_MS);
      await sleep(GATHER_MS);
    }
  }

  return {
    name: "live pages",
    async start() {
      await listener.start();
      loop = run();
    },
    async stop() {
      stop.abort();
      streams.close();
      alarm.ring();
      await loop;
      await listener.stop();
    },
    async watch(request, address) {
      const stream = streams.open(address);
      cursor ??= await createEventCursor();
      const page = createPageFollower(web, stream, request);
      pages.add(page);
      await orClose(stream, page.catchUp());
      alarm.ring();
      return stream;
    },
    async hear(request, address) {
      const stream = streams.open(address);
      cursor ??= await createEventCursor();
      const hearer = createEventFollower(web, stream, request);
      hearers.add(hearer);
      await orClose(stream, hearer.catchUp());
      return stream;
    },
  };
}

/** A stream that cannot begin must not stay in the count of those that are open. */
async function orClose(stream: Stream, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    stream.body.destroy();
    throw thrown;
  }
}
