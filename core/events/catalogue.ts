import type { Language } from "../language/language.ts";
import type { Inline, Message } from "../message.ts";
import { completed } from "./complete.ts";
import type { EventDeclaration, Reader, Story, Subject } from "./declare.ts";
import { code, words } from "./phrases.ts";
import { eventWords } from "./words.ts";

/** All events that modules declare, by tag; the registry makes it and refuses doubles. */
export type Catalogue = ReadonlyMap<string, EventDeclaration>;

/** An event as routes and readers see it. */
export interface Understood {
  /** Undefined for a tag that nobody declares, or data that is not as declared. */
  declaration: EventDeclaration | undefined;
  audience: EventDeclaration["audience"];
  subject: Subject;
  story: Story;
  /** What people read, or null when this instance has nothing to say. */
  render(reader: Reader): Message | null;
}

/**
 * What an event means. Never throws for what is in it: an unknown tag, or data of another shape
 * than declared, gets a generic message and a subject guessed from the usual field names.
 */
export function understand(catalogue: Catalogue, tag: string, data: unknown): Understood {
  const declaration = catalogue.get(tag);
  const parsed = declaration?.schema.safeParse(data);
  if (declaration !== undefined && parsed?.success === true) {
    try {
      return asDeclared(declaration, parsed.data, data);
    } catch {
      // A bug in the declaration; whoever reads the generic message sees the fields.
    }
  }
  return {
    declaration: undefined,
    audience: declaration?.audience ?? "people",
    subject: guessSubject(data),
    story: {},
    render: (reader) => completed(unknownMessage(tag, data, reader.language), data, reader),
  };
}

/** @param read the data as its schema gives it */
function asDeclared(declaration: EventDeclaration, read: unknown, data: unknown): Understood {
  return {
    declaration,
    audience: declaration.audience,
    subject: declaration.subject(read),
    story: declaration.story?.(read) ?? {},
    render: (reader) => {
      const message = declaration.render(read, reader);
      return message === null ? null : completed(message, data, reader);
    },
  };
}

/** What is wrong with the data of an event that is to be sent; empty when nothing is. */
export function eventFaults(catalogue: Catalogue, tag: string, data: unknown): string[] {
  const declaration = catalogue.get(tag);
  if (declaration === undefined) return [`no module declares ${tag}`];
  const parsed = declaration.schema.safeParse(data);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => {
    const field = issue.path.map(String).join(".");
    return field === "" ? issue.message : `${field}: ${issue.message}`;
  });
}

/** At most this many fields of an unknown event are shown. */
const SHOWN_FIELDS = 8;

function unknownMessage(tag: string, data: unknown, language?: Language): Message {
  const details: Inline[][] = Object.entries(isRecord(data) ? data : {})
    .filter(([, value]) => value !== null && typeof value !== "object")
    .slice(0, SHOWN_FIELDS)
    .map(([name, value]) => [words(name), ": ", words(String(value))]);
  const headline = eventWords.in(language)("unknownEvent", { tag: code(tag) });
  return { tone: "neutral", headline, answers: { state: "unknown" }, details };
}

function guessSubject(data: unknown): Subject {
  if (!isRecord(data)) return {};
  const repository = text(data["repo"]);
  const suites = ["suite", "suite_target", "suite_dest", "dest_suite"].flatMap((name) =>
    texts(data[name]),
  );
  const packages = ["pkgname", "pkg_name", "source_name", "source_package", "name"].flatMap(
    (name) => texts(data[name]),
  );
  return {
    ...(repository === undefined ? {} : { repository }),
    ...(suites.length === 0 ? {} : { suites }),
    ...(packages.length === 0 ? {} : { packages }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: unknown): string[] {
  return typeof value === "string" ? [value] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
