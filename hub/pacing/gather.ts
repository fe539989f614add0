import { database } from "../../core/database/connect.ts";
import type { StoredEvent } from "./news.ts";

/** What a message is made of: all that waits in a bundle or was told in a message. */
export type Collection = { bundle: string } | { delivery: string };

/** How many events of one kind did the same in one place. */
export interface Count {
  tag: string;
  /** `debian/sid`, or "". */
  place: string;
  /** What the events are about: `package`; null when they are about nothing in particular. */
  noun: string | null;
  did: string | null;
  count: number;
}

/** Events of one cause or object, or one event that stands alone. */
export interface StoryLine {
  /** The last of its events. */
  event: StoredEvent;
  events: number;
  /** More than one only when they share a cause. */
  objects: number;
}

export interface Gathered {
  /** Events, without those that were undone. */
  total: number;
  undone: number;
  /** When the first of them happened. */
  since: Date;
  counts: Count[];
  /** How many stories there are, and the most important of them. */
  stories: number;
  top: StoryLine[];
  /** Why it is told, each reason once; at most four. */
  reasons: string[];
  /** The same for programs. */
  refs: string[];
  places: string[];
}

const TOP = 10;

interface Facts {
  undone: number;
  since: Date;
  reasons: string[];
  refs: string[];
}

/** Reads what a message is made of; undefined when nothing is left of it. */
export async function gather(collection: Collection): Promise<Gathered | undefined> {
  const [where, id] = condition(collection);
  const counts = await database().query<Count>(
    `select tag, place, split_part(object, '/', 1) as noun, did, count(*)::integer as count
       from notice where ${where} and state in ('held', 'told')
      group by 1, 2, 3, 4 order by count(*) desc, 1, 2, 4`,
    [id],
  );
  if (counts.length === 0) return undefined;
  const [facts] = await database().query<Facts>(
    `select (count(*) filter (where state = 'collapsed'))::integer as undone,
            (select time from event where event.id = min(event_id)) as since,
            (array_agg(distinct reasons[1]))[1:4] as reasons,
            array(select distinct unnest(refs) from notice where ${where} order by 1 limit 20) as refs
       from notice where ${where}`,
    [id],
  );
  const stories = await storiesOf(where, id);
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    undone: facts?.undone ?? 0,
    since: facts?.since ?? new Date(0),
    counts,
    stories: stories[0]?.stories ?? 0,
    top: stories,
    reasons: facts?.reasons ?? [],
    refs: facts?.refs ?? [],
    places: [...new Set(counts.map(({ place }) => place).filter((place) => place !== ""))],
  };
}

function storiesOf(where: string, id: string): Promise<(StoryLine & { stories: number })[]> {
  return database().query(
    `select json_build_object('id', event.id::text, 'uuid', uuid, 'tag', tag, 'data', data) as event,
            events, objects, stories
       from (select max(event_id) as last, max(weight) as weight, count(*)::integer as events,
                    count(distinct object)::integer as objects,
                    (count(*) over ())::integer as stories
               from notice where ${where} and state in ('held', 'told')
              group by coalesce(thread, event_id::text)
              order by max(weight) desc, max(event_id) desc limit ${TOP}) story
       join event on event.id = story.last order by weight desc, event.id desc`,
    [id],
  );
}

/** The events of a message before its last one, the latest first. */
export function earlierEvents(collection: Collection, limit: number): Promise<StoredEvent[]> {
  const [where, id] = condition(collection);
  return database().query<StoredEvent>(
    `select event.id, uuid, event.tag, data, time
       from (select event_id from notice where ${where} and state in ('held', 'told')
              order by event_id desc offset 1 limit $2) earlier
       join event on event.id = event_id order by event.id desc`,
    [id, limit],
  );
}

/**
 * Leaves out objects that are again as they were before the first of their events that wait in a
 * bundle (Launchpad's rule), and writes down by which event.
 */
export async function collapseUndone(bundle: string): Promise<void> {
  const undone = await database().query<{ object: string; last: string }>(
    `select object, max(event_id) as last from notice
      where bundle_id = $1 and state = 'held' and object is not null
      group by object
     having count(*) > 1 and bool_and(state_to is not null)
        and (array_agg(state_from order by event_id))[1]
          = (array_agg(state_to order by event_id desc))[1]`,
    [bundle],
  );
  if (undone.length === 0) return;
  // Not by joining: the planner cannot know how large a bundle has just become.
  await database().query(
    `update notice set state = 'collapsed',
            note = 'undone by event ' || ($3::bigint[])[array_position($2, object)]
      where bundle_id = $1 and state = 'held' and object = any($2)`,
    [bundle, undone.map(({ object }) => object), undone.map(({ last }) => last)],
  );
}

function condition(collection: Collection): [sql: string, id: string] {
  return "bundle" in collection
    ? ["bundle_id = $1", collection.bundle]
    : ["delivery_id = $1", collection.delivery];
}
