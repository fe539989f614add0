import { type Understood, understand } from "../../core/events/catalogue.ts";
import { completed } from "../../core/events/complete.ts";
import type { Reader } from "../../core/events/declare.ts";
import { uuidTime } from "../../core/events/uuid.ts";
import { eventWords } from "../../core/events/words.ts";
import type { Language } from "../../core/language/language.ts";
import type { Message } from "../../core/message.ts";
import type { Registry } from "../../core/operation/registry.ts";
import type { DeliverySubject } from "../channels/channel.ts";
import type { JournalledEvent } from "../routing/decision.ts";

export interface Rendering {
  registry: Registry;
  links: Reader;
}

/** The same for readers who chose a language. */
export function inLanguage<Some extends Rendering>(
  rendering: Some,
  language: Language | undefined,
): Some {
  return language === undefined
    ? rendering
    : { ...rendering, links: { ...rendering.links, language } };
}

/** What an event says and what it is about. */
export interface RenderedEvent {
  message: Message;
  subject: DeliverySubject;
}

/**
 * What an event says to people; undefined when it has nothing to say.
 *
 * @throws what a declaration's rendering throws, which is a bug in it
 */
export function renderEvent(
  event: JournalledEvent,
  rendering: Rendering,
): RenderedEvent | undefined {
  const understood = understand(rendering.registry.events, event.tag, event.data);
  return renderUnderstood(event, understood, rendering.links);
}

/** As `renderEvent`, for who has looked at the event already. */
export function renderUnderstood(
  { tag, uuid, time }: JournalledEvent & { time?: Date },
  understood: Understood,
  links: Reader,
): RenderedEvent | undefined {
  const message = understood.render({ ...links, event: { uuid, time: uuidTime(uuid) ?? time } });
  if (message === null) return undefined;
  return { message, subject: { ...understood.subject, tag, event: uuid } };
}

/** What is said when a rendering has a bug: one event must not hold up all others. */
export function unrenderable(
  { tag, uuid, data }: JournalledEvent,
  { links }: Rendering,
): RenderedEvent {
  const say = eventWords.in(links.language);
  const message: Message = {
    tone: "attention",
    headline: say("unrenderable", { tag: { code: tag } }),
    answers: { state: "unknown", why: say("unrenderableWhy"), acts: say("operators") },
  };
  const reader = { ...links, event: { uuid, time: uuidTime(uuid) } };
  return { message: completed(message, data, reader), subject: { tag, event: uuid } };
}
