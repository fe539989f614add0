import { clip, LONGEST_WORD } from "../message/clip.ts";
import type { Language } from "../language/language.ts";
import { type Inline, type Message, plainLine } from "../message.ts";
import type { Reader } from "./declare.ts";
import { eventWords } from "./words.ts";

/**
 * Pieces that renderings of events are put together from. Data of events comes from outside and
 * may be of any length, so each piece is clipped; escaping is the renderers' part.
 */
const LISTED_NAMES = 20;
const LISTED_ARCHITECTURES = 10;
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

/** Architectures with commas between them; of many the first ten. */
export function architectures(names: string[], language?: Language): Inline[] {
  const shown: Inline[] = names.slice(0, LISTED_ARCHITECTURES).map(architecture);
  const more = names.length - shown.length;
  if (more > 0) shown.push(plainLine(eventWords.in(language)("more", { count: more })));
  return shown.flatMap((inline, index) => (index === 0 ? [inline] : [", ", inline]));
}

/** Names in one line: `a, b and c`. */
export function list(names: string[], language?: Language): string {
  const say = eventWords.in(language);
  const shown = names.slice(0, LISTED_NAMES).map(words);
  const more = names.length - shown.length;
  const last = more > 0 ? plainLine(say("more", { count: more })) : shown.pop();
  if (shown.length === 0) return last ?? plainLine(say("nothing"));
  return plainLine(say("listed", { names: [shown.join(", ")], last: [last ?? ""] }));
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
  return { code: shortId(id) };
}

/** As much of a job's id as commands need. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/** The step to take next: to look at a job. */
export function seeJob(id: string, reader: Reader): Next {
  const label = eventWords.in(reader.language)("seeJob");
  return toDo(reader, ["job", "show", shortId(id)], { label, path: ["jobs", "job", id] });
}

/** The step to take next: to look at a source package, in a suite where it is. */
export function seeSource(name: string, suite: string | undefined, reader: Reader): Next {
  const label = eventWords.in(reader.language)("seePackage");
  const page = suite === undefined ? undefined : { label, path: ["package", "src", suite, name] };
  return toDo(reader, ["why", name], page);
}

/** A page of ours: what the link says, and its path, not yet encoded. */
export interface PageLink {
  label: Inline[];
  path: string[];
}

/**
 * The step to take next: a command to type, and a page of ours. The links of a message stand there
 * and not in the headline, which also becomes the subject of a mail. No page where no address is
 * known; no command whose arguments are more than names, as people may paste it into a shell.
 */
export function toDo(reader: Reader, command: string[], page?: PageLink): Next {
  const steps: Inline[] = [];
  if (command.length > 0 && command.every((word) => NAME.test(word))) {
    steps.push({ code: command.join(" ") });
  }
  if (page !== undefined && reader.web !== undefined) {
    const to = [reader.web, ...page.path.map(segment)].join("/");
    steps.push({ link: plainLine(page.label), to });
  }
  if (steps.length === 0) return {};
  return { next: steps.flatMap((step, index) => (index === 0 ? [step] : [" · ", step])) };
}

/** Names of packages, suites and jobs, verbs and options: nothing that a shell would read. */
const NAME = /^(?:--)?[A-Za-z0-9][A-Za-z0-9+.~_:-]{0,99}$/;

/** A reason from outside: its first line says why, the lines after it are proof. */
export function reason(text: string): { why: Inline[]; quote?: string } | undefined {
  const [first = "", ...rest] = text.trim().split(/\r?\n/);
  if (first === "") return undefined;
  const quote = quoted(rest.join("\n"));
  return { why: [words(first)], ...(quote === "" ? {} : { quote }) };
}

/** Text to quote, without outer empty lines; how many lines are shown is decided for all at once. */
export function quoted(text: string): string {
  return text.replace(/^\s*\n/, "").trimEnd();
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
