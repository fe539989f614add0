import type { Understood } from "../../core/events/catalogue.ts";
import type { Story, Subject } from "../../core/events/declare.ts";
import { uuidTime } from "../../core/events/uuid.ts";
import type { Tone } from "../../core/message.ts";
import type { Decision, GroupField, JournalledEvent } from "../routing/decision.ts";
import type { RenderedEvent } from "./render.ts";

/** An event with the number of its row, and its time where it is known. */
export interface StoredEvent extends JournalledEvent {
  id: string;
  time?: Date;
}

/** What an event is, whoever hears of it. */
export interface Known {
  event: StoredEvent;
  subject: Subject;
  story: Story;
  /** Undefined: it has nothing to say. */
  rendered: RenderedEvent | undefined;
  /** When it happened; a UUID of version 1 knows better than a clock without time zone. */
  time: Date | undefined;
  /** `debian/sid`, as far as it names one. */
  place: string;
  /** What later events continue: a cause, or else the object. */
  thread: string | undefined;
  /** The higher, the more people want to know it. */
  weight: number;
}

/** One event on its way to one destination. */
export interface News extends Known {
  decision: Decision;
}

/** Bad news come before what asks for attention, and that before the rest. */
const WEIGHTS: Record<Tone, number> = { bad: 30, attention: 20, good: 10, neutral: 10 };

/** Looks at an event once for all destinations. */
export function knowEvent(
  event: StoredEvent,
  understood: Understood,
  rendered: RenderedEvent | undefined,
): Known {
  const { subject, story } = understood;
  const { repository, suites = [] } = subject;
  const place = [repository, suites[0]].filter((part) => part !== undefined).join("/");
  return {
    event,
    subject,
    story,
    rendered,
    time: uuidTime(event.uuid) ?? event.time,
    place,
    thread: story.cause === undefined ? story.object : `cause:${story.cause}`,
    weight: rendered === undefined ? 0 : WEIGHTS[rendered.message.tone],
  };
}

/** Storms are of one topic: one kind of event in one place. */
export function topicOf({ event, place }: Known): string {
  return `${event.tag} ${place}`;
}

/** The group of an event by the fields that a rule names: equal texts share a message. */
export function groupOf(news: News, fields: readonly GroupField[]): string {
  return fields.map((field) => `${field}=${fieldOf(news, field)}`).join(" ");
}

function fieldOf({ event, subject, story }: News, field: GroupField): string {
  switch (field) {
    case "tag":
      return event.tag;
    case "module":
      return event.tag.split(".").slice(0, 2).join(".");
    case "repository":
      return subject.repository ?? "";
    case "suite":
      return subject.suites?.[0] ?? "";
    case "package":
      return subject.packages?.[0] ?? "";
    default:
      return story.object ?? event.uuid;
  }
}
