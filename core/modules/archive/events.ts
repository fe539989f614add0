import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { declareEvent, type Links, type Story, type Subject } from "../../events/declare.ts";
import {
  architectures,
  count,
  line,
  list,
  type Next,
  place,
  quoted,
  see,
  strong,
  version,
  words,
} from "../../events/phrases.ts";
import type { Inline, Message, Tone } from "../../message.ts";

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

const SuiteChanged = z.looseObject({
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

const SuiteImported = z.looseObject({
  ...Place,
  sources: z.int().nonnegative(),
  binaries: z.int().nonnegative(),
  udebs: z.int().nonnegative(),
  components: z.array(z.string()),
  architectures: z.array(z.string()),
  bytes: z.int().nonnegative(),
});

const Failure = { ...Place, reason: z.string(), code: z.string() };

const WORDS: Record<Change, { verb: string; tone: Tone }> = {
  added: { verb: "is new in", tone: "good" },
  updated: { verb: "was updated in", tone: "good" },
  changed: { verb: "was changed without a new version in", tone: "attention" },
  removed: { verb: "left", tone: "attention" },
};
const SHOWN_BINARIES = 5;
const SHOWN_SAMPLES = 5;

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
  render(data, links): Message {
    const { verb, tone } = whatHappened(data);
    const what = data.source_changed ? "" : " (binaries only)";
    const target = place(data.repo, data.suite);
    return {
      tone,
      headline: line`${strong(data.pkg_name)} ${steps(data)}${what} ${verb} ${target}`,
      details: binaryLines(data),
      ...seePackage(data, links),
    };
  },
});

export const suiteChanged = declareEvent({
  tag: "_lk.archive.suite-changed",
  summary: "an import found more changes in a suite than are told one by one",
  schema: SuiteChanged,
  audience: "people",
  subject: (data) => ({ ...subject(data), packages: data.packages }),
  render(data): Message {
    const changed = count(data.packages_count, "source package");
    const details: Inline[][] = [];
    for (const [what, counts] of [
      ["sources", data.sources],
      ["binaries", data.binaries],
    ] as const) {
      const parts = Object.entries(counts).filter(([, number]) => number > 0);
      if (parts.length === 0) continue;
      details.push([`${what}: ${parts.map(([how, number]) => `${number} ${how}`).join(", ")}`]);
    }
    details.push(...sampleLines(data));
    const headline = line`${strong(place(data.repo, data.suite))}: changes in ${changed}`;
    const all = { code: `diff ${data.suite} --run ${data.run ?? 0}` };
    return {
      tone: "neutral",
      headline,
      details,
      ...(data.run === undefined ? {} : { next: [all, " shows them all"] }),
    };
  },
});

export const suiteImported = declareEvent({
  tag: "_lk.archive.suite-imported",
  summary: "a suite was imported for the first time",
  schema: SuiteImported,
  audience: "people",
  subject,
  render(data): Message {
    const counts = [count(data.sources, "source"), `${data.binaries} binaries`];
    if (data.udebs > 0) counts.push(`${data.udebs} for the installer`);
    const target = strong(place(data.repo, data.suite));
    return {
      tone: "good",
      headline: line`${target} was imported for the first time: ${list(counts)}`,
      details: [
        line`components ${list(data.components)}, architectures ${architectures(data.architectures)}`,
        [`${prettyBytes(data.bytes)} of indices read`],
      ],
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
  render: (data): Message => ({
    tone: "bad",
    headline: line`The import of ${strong(place(data.repo, data.suite))} fails`,
    quote: quoted(data.reason),
    next: [{ code: `import ${data.suite}` }, " tries it again and says more"],
  }),
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
  render: (data): Message => ({
    tone: "good",
    headline: line`The import of ${strong(place(data.repo, data.suite))} works again`,
    details: [[`it failed since ${data.failing_since}`]],
  }),
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

function whatHappened(data: PackageChanged): { verb: string; tone: Tone } {
  const { change, component, component_old: from } = data;
  if (from === undefined) return WORDS[change];
  return { verb: `moved from ${words(from)} to ${words(component)} in`, tone: "attention" };
}

/** `1.0 → 1.1`, or the one version there is. */
function steps(data: { version_old: string | null; version_new: string | null }): Inline[] {
  const { version_old: from, version_new: to } = data;
  if (from === null || to === null || from === to) return [version(to ?? from ?? "")];
  return [version(from), " → ", version(to)];
}

function binaryLines(data: PackageChanged): Inline[][] {
  const lines = data.binaries.slice(0, SHOWN_BINARIES).map((binary) => {
    const kind = binary.type === "udeb" ? " (installer)" : "";
    const where = architectures(binary.architectures);
    return line`${binary.name}${kind} ${steps(binary)} ${binary.change} on ${where}`;
  });
  const more = data.binaries_count - lines.length;
  if (more > 0) lines.push([`and ${count(more, "more binary package")}`]);
  return lines;
}

/** The most important changes, a line each; of old events only the names. */
function sampleLines(data: SuiteChanged): Inline[][] {
  const { samples, packages, packages_count: total } = data;
  if (samples === undefined) {
    const more = total - packages.length;
    return [[list(more > 0 ? [...packages, `${more} more`] : packages)]];
  }
  const lines = samples.slice(0, SHOWN_SAMPLES).map((sample) => {
    const what = sample.component_old === undefined ? sample.change : "moved";
    return line`${strong(sample.pkg_name)} ${steps(sample)} ${what}`;
  });
  const more = total - lines.length;
  if (more > 0) lines.push([`and ${count(more, "more source package")}`]);
  return lines;
}

function seePackage(data: PackageChanged, links: Links): Next {
  if (data.change === "removed") return {};
  const seen = see("See the package", links, ["package", "src", data.suite, data.pkg_name]);
  return seen.next === undefined ? { next: [{ code: `why ${data.pkg_name}` }] } : seen;
}
