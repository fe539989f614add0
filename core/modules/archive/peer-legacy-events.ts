import { z } from "zod";
import { declareEvent, type Subject } from "../../events/declare.ts";
import { architecture, line, list, seeSource, strong, version } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";

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
  render: (data, links) => ({
    tone: "good",
    headline: line`${strong(data.name)} ${version(data.version)} was published in ${suites(data)}`,
    details: origin(data),
    ...seeSource(data.name, data.suites?.[0], links),
  }),
});

const publishedInSuite = declareEvent({
  tag: "_lk.archive.source-package-published-in-suite",
  summary: "a source package of the archive appeared in one more suite",
  schema: Package.extend({ suite_new: z.string() }),
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, [data.suite_new]),
  render: (data, links) => ({
    tone: "good",
    headline: line`${strong(data.name)} ${version(data.version)} was added to ${data.suite_new}`,
    details: origin(data),
    ...seeSource(data.name, data.suite_new, links),
  }),
});

const suiteRemoved = declareEvent({
  tag: "_lk.archive.source-package-suite-removed",
  summary: "a source package left one suite",
  schema: Package.extend({ suite_old: z.string() }),
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, [data.suite_old]),
  render: (data) => ({
    tone: "attention",
    headline: line`${strong(data.name)} ${version(data.version)} was removed from ${data.suite_old}`,
    details: origin(data),
  }),
});

const removed = declareEvent({
  tag: "_lk.archive.removed-source-package",
  summary: "a source package left the archive",
  schema: Package,
  audience: "people",
  legacy: true,
  subject: (data) => subject(data, data.suites),
  render: (data) => ({
    tone: "attention",
    headline: line`${strong(data.name)} ${version(data.version)} was removed from the archive`,
    details: origin(data),
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
  render: (data, links) => {
    const what = line`${strong(data.name)} ${version(data.version)}`;
    const target = line`${architecture(data.architecture)} in ${suites(data)}`;
    const source = data.source_name ?? data.name;
    return {
      tone: "good",
      headline: line`Binary package ${what} was published for ${target}`,
      details: [line`Built from ${source}`, ...origin(data)],
      ...seeSource(source, data.suites?.[0], links),
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

function suites(data: Package): string {
  return data.suites === undefined || data.suites.length === 0 ? "the archive" : list(data.suites);
}

function origin(data: Package): Inline[][] {
  const repository = data.repo === undefined ? [] : [line`Repository ${data.repo}`];
  const component = data.component === undefined ? [] : [line`Component ${data.component}`];
  return [...repository, ...component];
}
