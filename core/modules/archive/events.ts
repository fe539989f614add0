import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { declareEvent, type Reader, type Story, type Subject } from "../../events/declare.ts";
import {
  architectures,
  list,
  moment,
  type Next,
  place,
  reason,
  seeSource,
  strong,
  toDo,
  words,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline, Message, Tone } from "../../message.ts";
import { binaryLines, countLines, sampleLines, versionSteps } from "./change-lines.ts";
import { archiveWords } from "./words.ts";

const Change = z.enum(["added", "updated", "changed", "removed"]);
type Change = z.output<typeof Change>;
const Counts = z.record(Change, z.int().nonnegative());
const Place = { repo: z.string(), suite: z.string() };

/** A binary package that changed, with the architectures it changed on in the same way. */
const BinaryChange = z.looseObject({
  name: z.string(),
  type: z.enum(["deb", "udeb"]),
  change: Change,
  version_old: z.string().nullable(),
  version_new: z.string().nullable(),
  architectures: z.array(z.string()),
});

export const PackageChanged = z.looseObject({
  ...Place,
  /** The source package, or the one that the binaries name. */
  pkg_name: z.string(),
  change: Change,
  version_old: z.string().nullable(),
  version_new: z.string().nullable(),
  component: z.string(),
  /** Where it moved from, if it moved. */
  component_old: z.string().optional(),
  /** Whether the source changed, not only binaries of it. */
  source_changed: z.boolean(),
  /** At most 50 of them. */
  binaries: z.array(BinaryChange),
  binaries_count: z.int().nonnegative(),
});
export type PackageChanged = z.output<typeof PackageChanged>;

/** A change without its binaries. */
const Sample = PackageChanged.omit({ repo: true, suite: true, binaries: true });

export const SuiteChanged = z.looseObject({
  ...Place,
  /** Source packages concerned. */
  packages_count: z.int().positive(),
  /** Names of the most important ones, at most ten. */
  packages: z.array(z.string()),
  /** What happened to those. */
  samples: z.array(Sample).optional(),
  /** The import that found them: `diff SUITE --run N` shows all. */
  run: z.int().positive().optional(),
  sources: Counts,
  binaries: Counts,
});
export type SuiteChanged = z.output<typeof SuiteChanged>;
export const SuiteImported = z.looseObject({
  ...Place,
  sources: z.int().nonnegative(),
  binaries: z.int().nonnegative(),
  udebs: z.int().nonnegative(),
  components: z.array(z.string()),
  architectures: z.array(z.string()),
  bytes: z.int().nonnegative(),
});

const Failure = { ...Place, reason: z.string(), code: z.string() };

const TONES: Record<Change, Tone> = {
  added: "good",
  updated: "good",
  changed: "attention",
  removed: "attention",
};

export const packageChanged = declareEvent({
  tag: "_lk.archive.package-changed",
  summary: "an import found a package added, updated, changed or removed in a suite",
  schema: PackageChanged,
  audience: "people",
  subject: (data) => ({
    ...subject(data),
    packages: [...new Set([data.pkg_name, ...data.binaries.map((binary) => binary.name)])],
  }),
  story: packageStory,
  render(data, reader): Message {
    const { change, component, component_old: from, suite } = data;
    const say = archiveWords.in(reader.language);
    const names = {
      package: strong(data.pkg_name),
      versions: versionSteps(data),
      extent: data.source_changed ? "" : say("binariesOnly"),
      place: place(data.repo, suite),
    };
    return {
      tone: from === undefined ? TONES[change] : "attention",
      headline:
        from === undefined ? say(change, names) : say("moved", { ...names, from, to: component }),
      answers: { state: change === "removed" ? "removed" : "changed" },
      details: binaryLines(data, reader),
      ...seeSource(data.pkg_name, change === "removed" ? undefined : suite, reader),
    };
  },
});

export const suiteChanged = declareEvent({
  tag: "_lk.archive.suite-changed",
  summary: "an import found more changes in a suite than are told one by one",
  schema: SuiteChanged,
  audience: "people",
  subject: (data) => ({ ...subject(data), packages: data.packages }),
  render(data, reader): Message {
    const { packages_count: count, run } = data;
    const target = strong(place(data.repo, data.suite));
    const command = run === undefined ? [] : ["diff", data.suite, "--run", String(run)];
    return {
      tone: "neutral",
      headline: archiveWords.in(reader.language)("several", { place: target, count }),
      answers: { state: "changed" },
      details: [...countLines(data, reader), ...sampleLines(data, reader)],
      ...seeSuite(data.suite, command, reader),
    };
  },
});

export const suiteImported = declareEvent({
  tag: "_lk.archive.suite-imported",
  summary: "a suite was imported for the first time",
  schema: SuiteImported,
  audience: "people",
  subject,
  render(data, reader): Message {
    const { sources, binaries, udebs, components } = data;
    const say = archiveWords.in(reader.language);
    const bytes = prettyBytes(data.bytes, { locale: reader.language ?? "en" });
    const shown = architectures(data.architectures, reader.language);
    return {
      tone: "good",
      headline: say("imported", { place: strong(place(data.repo, data.suite)) }),
      answers: { state: "done", acts: eventWords.in(reader.language)("nobody") },
      details: [
        say("holds", { sources, binaries, udebs }),
        say("read", { components: list(components, reader.language), architectures: shown, bytes }),
      ],
      ...seeSuite(data.suite, [], reader),
    };
  },
});

export const importFailed = declareEvent({
  tag: "_lk.archive.import-failed",
  summary: "the scheduled import of a suite begins to fail",
  schema: z.looseObject(Failure),
  audience: "people",
  subject,
  story: (data) => ({
    ...importStory(data),
    from: "works",
    to: "fails",
    did: "failing",
    lasts: true,
  }),
  render(data, reader): Message {
    const { why, ...quote } = reason(data.reason) ?? {};
    const acts = eventWords.in(reader.language)("operators");
    return {
      tone: "bad",
      headline: archiveWords.in(reader.language)("fails", importNames(data)),
      answers: { state: "failed", ...(why && { why }), acts },
      ...quote,
      ...seeSuite(data.suite, ["import", data.suite], reader),
    };
  },
});

export const importRecovered = declareEvent({
  tag: "_lk.archive.import-recovered",
  summary: "the import of a suite works again",
  schema: z.looseObject({ ...Place, failing_since: z.string() }),
  audience: "people",
  subject,
  story: (data) => ({
    ...importStory(data),
    from: "fails",
    to: "works",
    did: "recovered",
    lasts: false,
  }),
  render(data, reader): Message {
    const say = archiveWords.in(reader.language);
    const since = moment(data.failing_since) ?? [words(data.failing_since)];
    return {
      tone: "good",
      headline: say("works", importNames(data)),
      answers: { state: "resolved", acts: eventWords.in(reader.language)("nobody") },
      details: [say("lasted", { moment: since })],
      ...seeSuite(data.suite, [], reader),
    };
  },
});

/** What this module itself emits. */
export const importEvents = [
  packageChanged,
  suiteChanged,
  suiteImported,
  importFailed,
  importRecovered,
];

function subject(data: { repo: string; suite: string }): Subject {
  return { repository: data.repo, suites: [data.suite] };
}

function importStory(data: { repo: string; suite: string }): Story {
  return { object: `import/${data.repo}/${data.suite}`, continues: true };
}

/** Content that changed under the same version is never undone by going back to that version. */
function packageStory(data: PackageChanged): Story {
  const { repo, suite, pkg_name: name, component, component_old: old = component } = data;
  const object = `package/${repo}/${suite}/${name}`;
  const did = data.component_old === undefined ? data.change : "moved";
  if (data.change === "changed") return { object, did };
  const [from, to] = [data.version_old, data.version_new];
  return {
    object,
    did,
    from: from === null ? "absent" : `${from} ${old}`,
    to: to === null ? "absent" : `${to} ${component}`,
  };
}

function importNames(data: { repo: string; suite: string }): Record<string, Inline> {
  return { place: strong(place(data.repo, data.suite)) };
}

function seeSuite(suite: string, command: string[], reader: Reader): Next {
  const label = archiveWords.in(reader.language)("seeSuite");
  return toDo(reader, command, { label, path: ["suites", suite] });
}
