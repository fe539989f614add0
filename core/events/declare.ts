import type { z } from "zod";
import type { Language } from "../language/language.ts";
import type { Message } from "../message.ts";

/** Where links in a rendered event lead: base addresses without trailing slash, or undefined. */
export interface Links {
  /** Our own pages (URL shapes of the field: /package/src/SUITE/NAME, /jobs/job/UUID, …). */
  web: string | undefined;
}

/** Who reads a rendered event: where links lead, in which language, and which event it is. */
export interface Reader extends Links {
  /** Missing: English. */
  language?: Language;
  /** For "since when", and so that the message names its event. */
  event?: { uuid: string; time: Date | undefined };
}

/** The facts that routes can match on, drawn from an event's data. Lists match if any element does. */
export interface Subject {
  repository?: string;
  suites?: string[];
  packages?: string[];
  /** The person the event concerns, e.g. the uploader: an email address. */
  people?: string[];
}

/**
 * How an event goes together with others; what it does not name it does not have. All texts are
 * compared and never shown, but `did`.
 */
export interface Story {
  /** The one thing it is about: `job/UUID`, `package/REPOSITORY/SUITE/NAME`. */
  object?: string;
  /** Later events of the object go on with the message about the first. */
  continues?: boolean;
  /** What the object was before; an event whose `to` is this again undoes those in between. */
  from?: string;
  /** What the object is now. */
  to?: string;
  /** What broke this, and perhaps others: one cause is told once. */
  cause?: string;
  /** A word or two for counts: `updated`, `blocked`. */
  did?: string;
  /** True: the state asks for somebody until an event of the object says false. */
  lasts?: boolean;
}

/**
 * One kind of event, declared once in the module that emits it. Validation at the door, the
 * catalogue in the docs, routing and every rendering follow from this.
 */
export interface EventDeclaration<Schema extends z.ZodType = z.ZodType> {
  /** `_lk.<module>.<thing-happened>`, as on the wire. */
  tag: string;
  /** One sentence for the catalogue: when it is emitted. */
  summary: string;
  /** The payload. Unknown fields pass (later versions may add some). */
  schema: Schema;
  /** "noise" is journalled and shown on the page, but reaches nobody unless a route names its tag. */
  audience: "people" | "noise";
  /** Emitted by old or foreign versions only; accepted and rendered, never emitted by us. */
  legacy?: boolean;
  subject(data: z.output<Schema>): Subject;
  /** What it goes together with; without this it stands alone. */
  story?(data: z.output<Schema>): Story;
  /** What people read, or null when this instance has nothing to say (e.g. "0 new issues"). */
  render(data: z.output<Schema>, reader: Reader): Message | null;
}

/** Declares an event; the types of `subject` and `render` follow from the schema. */
export function declareEvent<Schema extends z.ZodType>(
  declaration: EventDeclaration<Schema>,
): EventDeclaration {
  return declaration;
}
