import { z } from "zod";
import { declareEvent, type Reader, type Subject } from "../../events/declare.ts";
import {
  architecture,
  line,
  list,
  seeSource,
  strong,
  toDo,
  version,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Answers, Inline } from "../../message.ts";
import { peerWords } from "./peer-words.ts";

/** What all archive events of 2021 say. */
const Package = z.looseObject({
  repo: z.string().optional(),
  name: z.string(),
  version: z.string(),
  component: z.string().optional(),
  suites: z.array(z.string()).optional(),
});
type Package = z.output<typeof Package>;

const published = declareEvent({
  tag: "_lk.archive.source-package-published",
  summary: "a source package appeared in the archive",
  schema: Package,
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, data.suites),
  render: (data, reader) => ({
    tone: "good",
    headline: inSuites(data, "published", "publishedSomewhere", { what: source(data) }, reader),
    answers: done(reader),
    details: origin(data, reader),
    ...seeSource(data.name, data.suites?.[0], reader),
  }),
});

const publishedInSuite = declareEvent({
  tag: "_lk.archive.source-package-published-in-suite",
  summary: "a source package of the archive appeared in one more suite",
  schema: Package.extend({ suite_new: z.string() }),
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, [data.suite_new]),
  render: (data, reader) => ({
    tone: "good",
    headline: peerWords.in(reader.language)("addedTo", {
      what: source(data),
      suite: data.suite_new,
    }),
    answers: done(reader),
    details: origin(data, reader),
    ...seeSource(data.name, data.suite_new, reader),
  }),
});

const suiteRemoved = declareEvent({
  tag: "_lk.archive.source-package-suite-removed",
  summary: "a source package left one suite",
  schema: Package.extend({ suite_old: z.string() }),
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, [data.suite_old]),
  render: (data, reader) => ({
    tone: "attention",
    headline: peerWords.in(reader.language)("removedFrom", {
      what: source(data),
      suite: data.suite_old,
    }),
    answers: { state: "removed" },
    details: origin(data, reader),
    ...toDo(reader, ["why", data.name]),
  }),
});

const removed = declareEvent({
  tag: "_lk.archive.removed-source-package",
  summary: "a source package left the archive",
  schema: Package,
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, data.suites),
  render: (data, reader) => ({
    tone: "attention",
    headline: peerWords.in(reader.language)("removedFromArchive", { what: source(data) }),
    answers: { state: "removed" },
    details: origin(data, reader),
    ...toDo(reader, ["why", data.name]),
  }),
});

const binaryPublished = declareEvent({
  tag: "_lk.archive.binary-package-published",
  summary: "a binary package appeared in the archive",
  schema: Package.extend({ architecture: z.string(), source_name: z.string().optional() }),
  audience: "people",
  legacy: true,
  subject: (data) => ({
    ...subject(data, data.suites),
    packages: [...new Set([data.name, data.source_name ?? data.name])],
  }),
  render: (data, reader) => {
    const names = { what: source(data), architecture: architecture(data.architecture) };
    const from = data.source_name ?? data.name;
    const builtFrom = peerWords.in(reader.language)("builtFrom", { source: from });
    return {
      tone: "good",
      headline: inSuites(data, "binary", "binarySomewhere", names, reader),
      answers: done(reader),
      details: [builtFrom, ...origin(data, reader)],
      ...seeSource(from, data.suites?.[0], reader),
    };
  },
});

/** Emitted by versions of 2021; the versions of today only understand them. */
export const legacyEvents = [published, publishedInSuite, suiteRemoved, removed, binaryPublished];

function subject(data: Package, named: string[] | undefined): Subject {
  return {
    ...(data.repo === undefined ? {} : { repository: data.repo }),
    ...(named === undefined ? {} : { suites: named }),
    packages: [data.name],
  };
}

function source(data: Package): Inline[] {
  return line`${strong(data.name)} ${version(data.version)}`;
}

function done({ language }: Reader): Answers {
  return { state: "done", acts: eventWords.in(language)("nobody") };
}

/** One of two sentences: that with the suites, or that for events which name none. */
function inSuites(
  { suites = [] }: Package,
  named: "published" | "binary",
  unnamed: "publishedSomewhere" | "binarySomewhere",
  names: Record<string, Inline | Inline[]>,
  { language }: Reader,
): Inline[] {
  const say = peerWords.in(language);
  if (suites.length === 0) return say(unnamed, names);
  return say(named, { ...names, suites: list(suites, language) });
}

function origin(data: Package, { language }: Reader): Inline[][] {
  const { repo: repository, component } = data;
  const say = peerWords.in(language);
  return [
    ...(repository === undefined ? [] : [say("repository", { repository })]),
    ...(component === undefined ? [] : [say("component", { component })]),
  ];
}
