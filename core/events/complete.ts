import {
  type Answers,
  bounded,
  type Inline,
  type Message,
  plainLine,
  type State,
} from "../message.ts";
import type { Reader } from "./declare.ts";
import { moment } from "./phrases.ts";
import { eventWords } from "./words.ts";

/** Verdicts that hold until something changes them; the others are over when they are told. */
const LASTING: readonly State[] = ["waiting", "blocked", "needs-approval", "failed", "working"];

/**
 * What all messages of events have, whatever the declaration says: the language, when it was, the
 * event's own id or page, whether it was recovered, and at most twelve lines.
 */
export function completed(message: Message, data: unknown, reader: Reader): Message {
  const { language, event } = reader;
  const spoken: Message = language === undefined ? message : { ...message, language };
  if (event === undefined) return bounded(spoken);
  const said: Answers = { state: "note", ...message.answers };
  const dated = { ...timeOf(said, event.time), ...said };
  const answers = isRecovered(data) ? recovered(dated, language) : dated;
  return bounded({
    ...spoken,
    answers: { ...answers, event: eventLine(event.uuid, message, reader) },
  });
}

/** The event's own time, unless the declaration knows better since when it is so. */
function timeOf(answers: Answers, time: Date | undefined): Partial<Answers> {
  const inlines = moment(time?.toISOString());
  if (inlines === undefined || answers.since !== undefined || answers.when !== undefined) return {};
  return LASTING.includes(answers.state) ? { since: inlines } : { when: inlines };
}

/** Told late, because the database showed it (`emitRecovered`). */
function isRecovered(data: unknown): boolean {
  return (
    typeof data === "object" && data !== null && "recovered" in data && data.recovered === true
  );
}

/** Says it where the reader looks for the time. */
function recovered(answers: Answers, language: Reader["language"]): Answers {
  const say = eventWords.in(language);
  const { since, when } = answers;
  if (when !== undefined) return { ...answers, when: say("recovered", { when }) };
  if (since !== undefined) return { ...answers, since: say("recovered", { when: since }) };
  return { ...answers, when: say("recoveredUndated") };
}

/** A link to its page, unless the message has a link already; then its id. */
function eventLine(uuid: string, { next = [] }: Message, { language, web }: Reader): Inline[] {
  const say = eventWords.in(language);
  const hasLink = next.some((inline) => typeof inline === "object" && "link" in inline);
  if (hasLink || web === undefined) return say("event", { id: { code: uuid } });
  return [{ link: plainLine(say("seeEvent")), to: `${web}/events/${uuid}` }];
}
