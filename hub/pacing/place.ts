import type { Bundle, BundleKind } from "./bundle.ts";
import { nextOf, quietUntil } from "./hours.ts";
import { groupOf, type News, topicOf } from "./news.ts";
import type { Paced } from "./preference.ts";

/** What becomes of news: a message of their own, part of an earlier one, or they wait. */
export type Placement =
  | { how: "told"; news: News[] }
  | { how: "continued"; root: string; news: News[] }
  | { how: "undone"; news: News[] }
  | { how: "held"; key: string; kind: BundleKind; due: Date; topics: string[]; news: News[] };

/** An earlier message about the same cause or object that can still be gone on with. */
export interface LiveThread {
  /** Its delivery; undefined when it was told among others. */
  root: string | undefined;
  weight: number;
  /** How often it changed in the last hour. */
  changes: number;
}

/** What a destination was told, and what waits for it. */
export interface Standing {
  threads: ReadonlyMap<string, LiveThread>;
  /** Its open bundles by key. */
  bundles: ReadonlyMap<string, Bundle>;
  /** When groups were last told. */
  groups: ReadonlyMap<string, Date>;
}

/** The moment of placing. */
export interface Moment {
  now: Date;
  /** More events are to be expected: whether they are a storm is not to be seen yet. */
  backlog: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** What is older when it is routed is no news any more. */
const STALE_MS = HOUR;
/** An object that changed so often in an hour flaps. */
const FLAPPING = 3;
/** An edit disturbs less than a message. */
export const EDIT_COST = 0.2;
/** A storm that says nothing for so long is over, and the next one is another message. */
const CALM_MS = 10 * MINUTE;
/** Edits of a summary are no closer than this. */
const EDITS_APART_MS = 15 * SECOND;
/** A digest by number that never fills is told after a day. */
const LONGEST_DIGEST_MS = 24 * HOUR;

/** How long company is waited for: so long after the last event, and so long at most. */
const WAITS = {
  storm: { calm: 3 * SECOND, most: 30 * SECOND },
  stale: { calm: 10 * SECOND, most: 2 * MINUTE },
  mail: { calm: MINUTE, most: 15 * MINUTE },
  flapping: { calm: 15 * MINUTE, most: 4 * HOUR },
} as const;

/**
 * Decides what becomes of news for one destination, in the order of the events. Pure: takes what
 * it tells from `paced.tokens`, and reads no clock.
 */
export function placeNews(
  news: readonly News[],
  paced: Paced,
  standing: Standing,
  moment: Moment,
): Placement[] {
  const placements: Placement[] = [];
  const free: News[] = [];
  const off = putOff(paced, standing, moment);
  for (const one of news) {
    const isUrgent = one.decision.urgent === true;
    const placed = isUrgent ? alone(one) : waiting(one, off, standing, moment);
    if (placed === undefined) free.push(one);
    else placements.push(placed);
  }
  hurryDigest(placements, paced, standing, moment);
  const { budget } = paced.preference;
  if (budget === undefined) return [...placements, ...free.map(alone)];
  const stories = byStory(free);
  const rest = stories.filter((story) => !isUndone(story));
  placements.push(
    ...stories.filter(isUndone).map((undone) => ({ how: "undone", news: undone }) as const),
  );
  const place = paced.readers === "mail" ? placeMail : placeChat;
  return [...placements, ...place(rest, paced, standing, moment)];
}

/** For programs, and for people who asked for it: each event is a message. */
export function alone(one: News): Placement {
  return { how: "told", news: [one] };
}

/** Until when everything waits that is not urgent: for a digest, or for the end of quiet hours. */
function putOff(
  { preference }: Paced,
  { bundles }: Standing,
  { now }: Moment,
): { kind: "digest" | "quiet"; due: Date } | undefined {
  const { zone, quiet, digest } = preference;
  if (digest !== undefined) {
    const opened = bundles.get("digest")?.openedAt ?? now;
    const longest = new Date(opened.getTime() + LONGEST_DIGEST_MS);
    return { kind: "digest", due: digest.at.length > 0 ? nextOf(digest.at, zone, now) : longest };
  }
  const end = quiet === undefined ? undefined : quietUntil(quiet, zone, now);
  return end === undefined ? undefined : { kind: "quiet", due: end };
}

/** What a preference, a rule or its age makes wait. */
function waiting(
  one: News,
  off: ReturnType<typeof putOff>,
  standing: Standing,
  { now }: Moment,
): Placement | undefined {
  if (off !== undefined) return hold(off.kind, off.kind, off.due, [one]);
  const { groupBy, waitMs, intervalMs } = one.decision.tempo;
  if (groupBy.length > 0 || waitMs > 0) {
    const key = `group ${groupOf(one, groupBy)}`;
    const told = standing.groups.get(key)?.getTime();
    const open = standing.bundles.get(key)?.dueAt?.getTime();
    const fresh = told === undefined ? now.getTime() + waitMs : told + intervalMs;
    return hold(key, "group", new Date(open ?? Math.max(fresh, now.getTime())), [one]);
  }
  const age = one.time === undefined ? 0 : now.getTime() - one.time.getTime();
  if (age > STALE_MS) return hold("stale", "stale", sliding("stale", standing, now), [one]);
  return undefined;
}

/** A digest by number is told as soon as it is full. */
function hurryDigest(
  placements: readonly Placement[],
  { preference }: Paced,
  { bundles }: Standing,
  { now }: Moment,
): void {
  const held = placements.filter(isDigest);
  const gathered = held.length + (bundles.get("digest")?.waiting ?? 0);
  if (gathered < (preference.digest?.after ?? Infinity)) return;
  for (const placement of held) placement.due = now;
}

function isDigest(placement: Placement): placement is Placement & { how: "held" } {
  return placement.how === "held" && placement.kind === "digest";
}

/** Events of one cause or object that came together are one story. */
function byStory(news: readonly News[]): News[][] {
  const stories = new Map<string, News[]>();
  for (const one of news) {
    const key = one.thread ?? `event ${one.event.id}`;
    const known = stories.get(key);
    if (known === undefined) stories.set(key, [one]);
    else known.push(one);
  }
  return [...stories.values()];
}

/** Whether the events of one object lead back to where the first began. */
export function isUndone(story: readonly News[]): boolean {
  const first = story[0]?.story;
  const last = story.at(-1)?.story;
  return (
    story.length > 1 &&
    story.every((one) => one.story.object === first?.object && one.story.to !== undefined) &&
    first?.from !== undefined &&
    first.from === last?.to
  );
}

/** A single story goes at once while the budget lasts; what comes together waits for the rest. */
function placeMail(
  stories: News[][],
  paced: Paced,
  standing: Standing,
  { now, backlog }: Moment,
): Placement[] {
  const placements: Placement[] = [];
  const free: News[][] = [];
  for (const story of stories) {
    const thread = story[0]?.thread;
    const live = thread === undefined ? undefined : standing.threads.get(thread);
    if (thread === undefined || !flaps(live, story)) free.push(story);
    else {
      const key = `flapping ${thread}`;
      placements.push(hold(key, "flapping", sliding("flapping", standing, now, key), story));
    }
  }
  const waits = standing.bundles.get("mail")?.dueAt !== undefined;
  const [only] = free;
  const isAlone = free.length === 1 && !waits && !backlog;
  if (only !== undefined && isAlone && paced.tokens >= 1) {
    paced.tokens -= 1;
    placements.push({ how: "told", news: only });
  } else if (free.length > 0) {
    placements.push(hold("mail", "mail", sliding("mail", standing, now), free.flat()));
  }
  return placements;
}

/** What the budget has room for is told, topic by topic, the smallest first; the rest is a storm. */
function placeChat(
  stories: News[][],
  paced: Paced,
  standing: Standing,
  moment: Moment,
): Placement[] {
  const placements: Placement[] = [];
  const open = standing.bundles.get("storm");
  const topics = new Set(open?.topics);
  const swept: News[] = [];
  const byTopic = new Map<string, News[][]>();
  for (const story of stories) {
    const root = rootFor(story, standing);
    if (root !== undefined && paced.tokens >= EDIT_COST) {
      paced.tokens -= EDIT_COST;
      placements.push({ how: "continued", root, news: story });
      continue;
    }
    const [first] = story;
    const topic = first === undefined ? "" : topicOf(first);
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), story]);
  }
  for (const [topic, group] of [...byTopic].toSorted((a, b) => a[1].length - b[1].length)) {
    if (!topics.has(topic) && group.length <= paced.tokens) {
      paced.tokens -= group.length;
      placements.push(...group.map((one) => ({ how: "told", news: one }) as const));
    } else {
      topics.add(topic);
      swept.push(...group.flat());
    }
  }
  if (swept.length > 0) {
    const due = stormDue(open, standing, moment);
    placements.push({ ...hold("storm", "storm", due, swept), topics: [...topics] });
  }
  return placements;
}

/** The message that a story goes on with, if there is one. An edit never hides that it got worse. */
function rootFor(story: readonly News[], { threads }: Standing): string | undefined {
  const last = story.at(-1);
  const live = last?.thread === undefined ? undefined : threads.get(last.thread);
  if (last === undefined || live?.root === undefined) return undefined;
  if (last.story.cause !== undefined || flaps(live, story)) return live.root;
  return last.story.continues === true && last.weight <= live.weight ? live.root : undefined;
}

function flaps(live: LiveThread | undefined, story: readonly News[]): boolean {
  return live !== undefined && live.changes + story.length > FLAPPING;
}

/** A summary comes at once when all that is to come has come, and then grows by edits. */
function stormDue(open: Bundle | undefined, standing: Standing, { now, backlog }: Moment): Date {
  const waits = backlog ? sliding("storm", standing, now) : now;
  const told = open?.toldAt;
  return told === undefined
    ? waits
    : new Date(Math.max(waits.getTime(), told.getTime() + EDITS_APART_MS));
}

/** Whether a told storm is over, so that what comes is another one. */
export function isOver(bundle: Bundle, now: Date): boolean {
  return bundle.dueAt === undefined && now.getTime() - bundle.lastAt.getTime() > CALM_MS;
}

function sliding(
  kind: keyof typeof WAITS,
  { bundles }: Standing,
  now: Date,
  key: string = kind,
): Date {
  const { calm, most } = WAITS[kind];
  const open = bundles.get(key);
  const latest =
    (open?.dueAt === undefined ? now : (open.waitsSince ?? open.openedAt)).getTime() + most;
  return new Date(Math.max(now.getTime(), Math.min(now.getTime() + calm, latest)));
}

function hold(key: string, kind: BundleKind, due: Date, news: News[]): Placement & { how: "held" } {
  return { how: "held", key, kind, due, topics: [], news };
}
