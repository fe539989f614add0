import { clip, LONGEST_WORD } from "../message/clip.ts";
import type { Inline, Message } from "../message.ts";
import type { Links } from "./declare.ts";

/**
 * Pieces that renderings of events are put together from. Data of events comes from outside and
 * may be of any length, so each piece is clipped; escaping is the renderers' part.
 */
const QUOTED_LINES = 20;
const QUOTED_CHARACTERS = 2_000;
/** As many characters of a job id as people need to tell jobs apart. */
const SHORT_ID = 11;

/** The `next` of a message, if there is one. */
export type Next = Pick<Message, "next">;

/**
 * Template tag for a line: line`${strong(name)} ${version(text)} was built on ${host}`. Bare
 * strings among the values are data, and clipped; lines may be put into lines.
 */
export function line(strings: TemplateStringsArray, ...values: (Inline | Inline[])[]): Inline[] {
  const parts = strings.flatMap((text, index) => {
    const value = values[index] ?? "";
    return [text, ...(typeof value === "string" ? [words(value)] : [value].flat())];
  });
  return parts.filter((part) => part !== "");
}

/** Data of one line, not endless. */
export function words(text: string): string {
  return clip(text, LONGEST_WORD);
}

export function strong(text: string): Inline {
  return { strong: words(text) };
}

export function code(text: string): Inline {
  return { code: words(text) };
}

export function version(text: string): Inline {
  return { version: words(text) };
}

export function architecture(name: string): Inline {
  return { architecture: words(name) };
}

/** Architectures with commas between them. */
export function architectures(names: string[]): Inline[] {
  const shown = names.slice(0, 20).map(architecture);
  return shown.flatMap((inline, index) => (index === 0 ? [inline] : [", ", inline]));
}

/** Names in one line: `a, b and c`. */
export function list(names: string[]): string {
  const shown = names.slice(0, 20).map(words);
  const more = names.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return shown.length === 0 ? (last ?? "nothing") : `${shown.join(", ")} and ${last}`;
}

/** `repository:suite`, or the part that is known. */
export function place(
  repository: string | null | undefined,
  suite: string | null | undefined,
): string {
  return [repository ?? "", suite ?? ""]
    .filter((part) => part !== "")
    .map(words)
    .join(":");
}

/** A job by the beginning of its id. */
export function shortJob(id: string): Inline {
  return { code: id.slice(0, SHORT_ID) };
}

/** The step to take next: to open the page of a job. */
export function seeJob(id: string, links: Links): Next {
  return see("See the job", links, ["jobs", "job", id]);
}

/** The step to take next: to open the page of a source package in a suite. */
export function seeSource(name: string, suite: string | undefined, links: Links): Next {
  return suite === undefined ? {} : see("See the package", links, ["package", "src", suite, name]);
}

/**
 * The step to take next: to open a page of ours. The one link of a message stands there and not
 * in the headline, which also becomes the subject of a mail. Nothing where no address is known.
 */
export function see(what: string, links: Links, path: string[]): Next {
  if (links.web === undefined) return {};
  return { next: [{ link: what, to: [links.web, ...path.map(segment)].join("/") }] };
}

/** Text to quote: outer empty lines gone, not endless, saying how much was left out. */
export function quoted(text: string): string {
  const lines = text
    .replace(/^\s*\n/, "")
    .trimEnd()
    .split(/\r?\n/);
  let shown = clip(lines.slice(0, QUOTED_LINES).join("\n"), QUOTED_CHARACTERS);
  const more = lines.length - QUOTED_LINES;
  if (more > 0) shown += `\n… ${more} more ${more === 1 ? "line" : "lines"}`;
  return shown;
}

/**
 * A moment as people read it, in UTC and to the minute: `2026-11-22 10:00 UTC`. Undefined when the
 * text is no moment; one without a zone is UTC, as Laniakea writes them.
 */
export function moment(text: string | null | undefined): Inline[] | undefined {
  const zone = /(z|[+-]\d\d:?\d\d)$/i.test(text ?? "") ? "" : "Z";
  const time = new Date(`${(text ?? "").trim().replace(" ", "T")}${zone}`);
  if (Number.isNaN(time.getTime())) return undefined;
  return [`${time.toISOString().slice(0, 16).replace("T", " ")} UTC`];
}

/** `1 issue`, `2 issues`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** The address in `Name <user@host>`, or a bare one. */
export function emailOf(person: string): string | undefined {
  return /<([^<>\s]+@[^<>\s]+)>\s*$/.exec(person)?.[1] ?? /^[^<>\s]+@[^<>\s]+$/.exec(person)?.[0];
}

/** One step of a path; a name of dots alone would climb instead. */
function segment(text: string): string {
  const whole = clip(text, LONGEST_WORD).replace(/\p{Surrogate}/gu, "\ufffd");
  return encodeURIComponent(whole.replace(/^\.+$/, "_"));
}
