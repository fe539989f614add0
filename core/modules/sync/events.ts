import { z } from "zod";
import { declareEvent, type Story } from "../../events/declare.ts";
import { line, seeSource, strong, version } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";

const Direction = {
  name: z.string(),
  src_os: z.string(),
  suite_src: z.string(),
  suite_dest: z.string(),
};
const Issue = z.looseObject({
  ...Direction,
  version_src: z.string().nullish(),
  version_dest: z.string().nullish(),
  kind: z.string(),
});
type Issue = z.output<typeof Issue>;

export const packageImported = declareEvent({
  tag: "_lk.synchrotron.src-package-imported",
  summary: "a source package was brought in from the distribution that we derive from",
  schema: z.looseObject({ ...Direction, version: z.string(), forced: z.boolean().optional() }),
  audience: "people",
  subject,
  render: (data, links) => {
    const name = strong(data.name);
    const way = line`from ${origin(data)} into ${data.suite_dest}`;
    const force = data.forced === true ? ", by force" : "";
    return {
      tone: "good",
      headline: line`${name} ${version(data.version)} was imported ${way}${force}`,
      ...seeSource(data.name, data.suite_dest, links),
    };
  },
});

export const newIssue = declareEvent({
  tag: "_lk.synchrotron.new-autosync-issue",
  summary: "a package can no longer be kept in sync by itself",
  schema: Issue,
  audience: "people",
  subject,
  story: (data) => story(data, true),
  render: (data, links) => ({
    tone: data.kind.endsWith("-failed") ? "bad" : "attention",
    headline: problem(data, strong(data.name)),
    details: [
      line`${origin(data)} has ${versionOrNone(data.version_src)}`,
      line`${data.suite_dest} has ${versionOrNone(data.version_dest)}`,
    ],
    ...seeSource(data.name, data.suite_dest, links),
  }),
});

export const resolvedIssue = declareEvent({
  tag: "_lk.synchrotron.resolved-autosync-issue",
  summary: "what kept a package from being in sync is over",
  schema: Issue,
  audience: "people",
  subject,
  story: (data) => story(data, false),
  render: (data, links) => {
    const name = strong(data.name);
    const way = line`between ${origin(data)} and ${data.suite_dest}`;
    return {
      tone: "good",
      headline: line`${name} is in order again ${way} (it was ${data.kind})`,
      ...seeSource(data.name, data.suite_dest, links),
    };
  },
});

/** The kinds of issue in words; one that is not known is named as it is. */
function problem(data: Issue, name: Inline): Inline[] {
  const from = origin(data);
  const to = data.suite_dest;
  switch (data.kind) {
    case "merge-required":
      return line`${name} was changed in ${to} and needs a merge with ${from}`;
    case "maybe-cruft":
      return line`${name} in ${to} may be cruft: ${from} does not have it any more`;
    case "removal-failed":
      return line`${name} is gone from ${from} but could not be removed from ${to}`;
    case "sync-failed":
      return line`${name} could not be synced from ${from} to ${to}`;
    default:
      return line`${name} has a problem between ${from} and ${to}: ${data.kind}`;
  }
}

function origin(data: { src_os: string; suite_src: string }): Inline[] {
  return line`${data.src_os} ${data.suite_src}`;
}

function subject(data: { name: string; suite_dest: string }): {
  suites: string[];
  packages: string[];
} {
  return { suites: [data.suite_dest], packages: [data.name] };
}

function versionOrNone(text: string | null | undefined): Inline {
  return text === null || text === undefined || text === "" ? "no version" : version(text);
}

function story(data: Issue, isOpen: boolean): Story {
  const object = `sync/${data.suite_dest}/${data.name}/${data.kind}`;
  const [from, to] = isOpen ? ["in sync", data.kind] : [data.kind, "in sync"];
  return { object, continues: true, from, to, did: isOpen ? data.kind : "in order again" };
}
