import { DateTime } from "luxon";
import type { Reader } from "../../core/events/declare.ts";
import type { Language } from "../../core/language/language.ts";
import {
  bounded,
  type Inline,
  itemOf,
  type Message,
  plainLine,
  summaryMessage,
  type Tone,
  withSharedCause,
} from "../../core/message.ts";
import type { DeliverySubject } from "../channels/channel.ts";
import type { Count, Gathered } from "./gather.ts";
import type { RenderedEvent } from "./render.ts";
import { didWords, pacingWords } from "./words.ts";

/** A story with what its last event says. */
export interface ToldStory {
  rendered: RenderedEvent;
  events: number;
  objects: number;
}

/** What a message of several events is made from. */
export interface Composing {
  gathered: Gathered;
  /** The most important stories, in order. */
  stories: readonly ToldStory[];
  /** Of a single object: what was said before, the latest first. */
  earlier: readonly { message: Message; time: Date | undefined }[];
  /** The delivery that tells it, for the link to all of it. */
  deliveryId: string;
  reader: Reader;
  /** IANA name, for times. */
  zone: string;
}

const COUNT_LINES = 4;

/** One message for several events; never longer than a single one may be. */
export function compose(composing: Composing): RenderedEvent {
  const { gathered, stories } = composing;
  const [first] = stories;
  if (first === undefined || gathered.stories > 1) return summary(composing);
  return first.objects > 1 ? oneCause(first, composing) : oneObject(first, composing);
}

/** The last of those that one cause broke, how many others there are, and where all of them are. */
function oneCause({ rendered, objects }: ToldStory, composing: Composing): RenderedEvent {
  const message = withSharedCause(rendered.message, objects - 1, linkToAll(composing));
  return { ...rendered, message };
}

/** The last event of an object, and what came before it. */
function oneObject({ rendered, events }: ToldStory, composing: Composing): RenderedEvent {
  if (events === 1) return rendered;
  const { earlier, zone, reader } = composing;
  const say = pacingWords.in(reader.language);
  const before = earlier.map(({ message, time }) =>
    say("before", {
      when: time === undefined ? "?" : moment(time, zone),
      line: message.headline,
    }),
  );
  const hidden = events - 1 - before.length;
  if (hidden > 0) before.push(say("earlier", { count: hidden }));
  const details = [...before, ...(rendered.message.details ?? [])];
  return { ...rendered, message: bounded({ ...rendered.message, details }) };
}

function summary(composing: Composing): RenderedEvent {
  const { gathered, stories, reader, zone } = composing;
  const { language } = reader;
  const say = pacingWords.in(language);
  const topics = topicsOf(gathered.counts);
  const [topic] = topics;
  const counts = topics.length === 1 ? [] : topics.slice(0, COUNT_LINES).map(topicLine);
  if (topics.length > COUNT_LINES) {
    counts.push(say("kinds", { count: topics.length - COUNT_LINES }));
  }
  if (gathered.undone > 0) counts.push(say("undone", { count: gathered.undone }));
  const since = moment(gathered.since, zone);
  const message = summaryMessage({
    tone: toneOf(stories),
    language,
    headline:
      topic !== undefined && topics.length === 1
        ? topicLine(topic)
        : say("news", { count: gathered.total, since }),
    counts,
    items: stories.map(storyLine),
    total: gathered.stories,
    next: linkToAll(composing),
  });
  return { message, subject: subjectOf(gathered) };

  function topicLine({ noun, place, count, did }: Topic): Inline[] {
    const parts = [...did].flatMap(([how, times], index) => [
      index === 0 ? ": " : ", ",
      ...say("did", { count: times, did: spoken(how, language) }),
    ]);
    const where = place === "" ? [] : say("where", { place });
    return say(isNoun(noun) ? noun : "kind", { count, kind: noun, where, how: parts });
  }

  function storyLine({ rendered, events, objects }: ToldStory): Inline[] {
    const line = itemOf(rendered.message);
    if (objects > 1) return say("others", { line, count: objects - 1 });
    return events > 1 ? say("changes", { line, count: events }) : line;
  }
}

/** All that a message tells, as a page; nothing where there is none. */
function linkToAll({ deliveryId, reader: { web, language } }: Composing): Inline[] {
  if (web === undefined) return [];
  const link = plainLine(pacingWords.in(language)("all"));
  return [{ link, to: `${web}/events?told=${deliveryId}` }];
}

/** What events say that they did, in the language of the reader; words nobody knows stay. */
function spoken(did: string, language: Language | undefined): string {
  return Object.hasOwn(didWords.texts.en, did)
    ? plainLine(didWords.in(language)(did as keyof typeof didWords.texts.en))
    : did;
}

interface Topic {
  noun: string;
  place: string;
  count: number;
  did: Map<string, number>;
}

/** The counts by what the events are about, and where; the largest first. */
function topicsOf(counts: readonly Count[]): Topic[] {
  const topics = new Map<string, Topic>();
  for (const { tag, place, noun, did, count } of counts) {
    const name = noun !== null && isNoun(noun) ? noun : tag.replace(/^_lk\./, "");
    const key = JSON.stringify([name, place]);
    const topic = topics.get(key) ?? { noun: name, place, count: 0, did: new Map() };
    topics.set(key, topic);
    topic.count += count;
    if (did !== null) topic.did.set(did, (topic.did.get(did) ?? 0) + count);
  }
  return [...topics.values()].toSorted((a, b) => b.count - a.count);
}

/** What objects begin with that have a word for people. */
const NOUNS = ["package", "job", "upload", "migration", "depcheck", "sync"] as const;

function isNoun(text: string): text is (typeof NOUNS)[number] {
  return NOUNS.some((noun) => noun === text);
}

function toneOf(stories: readonly ToldStory[]): Tone {
  const tones = stories.map(({ rendered }) => rendered.message.tone);
  return tones.some((tone) => tone === "bad" || tone === "attention") ? "attention" : "neutral";
}

function subjectOf({ places }: Gathered): DeliverySubject {
  const suites = places.flatMap((place) => place.split("/").slice(1)).slice(0, 10);
  const repositories = new Set(places.map((place) => place.split("/")[0] ?? ""));
  const [repository] = repositories;
  return {
    label: "summary",
    ...(suites.length === 0 ? {} : { suites }),
    ...(repositories.size === 1 && repository !== undefined ? { repository } : {}),
  };
}

function moment(time: Date, zone: string): string {
  return `${DateTime.fromJSDate(time, { zone }).toFormat("yyyy-MM-dd HH:mm")} ${zone}`;
}
