import type { Reader } from "../../events/declare.ts";
import { architectures, list, strong, version } from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import { type Inline, plainLine } from "../../message.ts";
import type { PackageChanged, SuiteChanged } from "./events.ts";
import { archiveWords } from "./words.ts";

const SHOWN_BINARIES = 5;
const SHOWN_SAMPLES = 5;

/** `1.0 → 1.1`, or the one version there is. */
export function versionSteps(data: {
  version_old: string | null;
  version_new: string | null;
}): Inline[] {
  const { version_old: from, version_new: to } = data;
  if (from === null || to === null || from === to) return [version(to ?? from ?? "")];
  return [version(from), " → ", version(to)];
}

/** The binary packages that changed, a line each, and how many more there are. */
export function binaryLines(data: PackageChanged, { language }: Reader): Inline[][] {
  const say = archiveWords.in(language);
  const lines = data.binaries.slice(0, SHOWN_BINARIES).map((binary) => {
    const { name, change } = binary;
    return say("binary", {
      name: binary.type === "udeb" ? say("installer", { name }) : name,
      versions: versionSteps(binary),
      change,
      architectures: architectures(binary.architectures, language),
    });
  });
  const count = data.binaries_count - lines.length;
  if (count > 0) lines.push(eventWords.in(language)("moreBinaries", { count }));
  return lines;
}

const COUNTS = {
  added: "countAdded",
  updated: "countUpdated",
  changed: "countChanged",
  removed: "countRemoved",
} as const;

/** How many sources and how many binaries were added, updated, changed, removed. */
export function countLines(data: SuiteChanged, { language }: Reader): Inline[][] {
  const say = archiveWords.in(language);
  return (["sources", "binaries"] as const).flatMap((what) => {
    const parts = (Object.keys(COUNTS) as (keyof typeof COUNTS)[]).flatMap((how) => {
      const count = data[what][how] ?? 0;
      return count === 0 ? [] : [plainLine(say(COUNTS[how], { count }))];
    });
    return parts.length === 0 ? [] : [say(what, { counts: parts.join(", ") })];
  });
}

/** The most important changes, a line each; of old events only the names. */
export function sampleLines(data: SuiteChanged, { language }: Reader): Inline[][] {
  const { samples, packages, packages_count: total } = data;
  const say = eventWords.in(language);
  if (samples === undefined) {
    const count = total - packages.length;
    const more = count > 0 ? [plainLine(say("more", { count }))] : [];
    return [[list([...packages, ...more], language)]];
  }
  const lines = samples.slice(0, SHOWN_SAMPLES).map((sample) =>
    archiveWords.in(language)("sample", {
      name: strong(sample.pkg_name),
      versions: versionSteps(sample),
      change: sample.component_old === undefined ? sample.change : "moved",
    }),
  );
  const count = total - lines.length;
  if (count > 0) lines.push(say("moreSources", { count }));
  return lines;
}
