import prettyMilliseconds from "pretty-ms";
import type { Inline } from "../../message.ts";
import type { Fact } from "../module.ts";
import {
  type ArchiveChangeRow,
  changesOfPackage,
  type PackageVersion,
  packageVersions,
} from "./read.ts";

const SHOWN_VERSIONS = 20;
const SHOWN_CHANGES = 5;

/** What the archives know of a package: its versions in each suite, and what changed last. */
export async function explainPackage(name: string): Promise<Fact[]> {
  const versions = await packageVersions(name);
  const changes = await changesOfPackage(name, SHOWN_CHANGES);
  const now = new Date();
  const facts: Fact[] = [];
  if (versions.length > 0) facts.push(versionsFact(name, versions, now));
  if (changes.length > 0) facts.push(changesFact(name, changes, now));
  return facts;
}

function versionsFact(name: string, versions: PackageVersion[], now: Date): Fact {
  const sources = versions.filter((one) => one.type === "source");
  const binaries = versions.filter((one) => one.type !== "source");
  const headline: Inline[] = [{ strong: name }, " is "];
  const kinds: string[] = [];
  if (sources.length > 0) kinds.push(`a source package in ${suitesOf(sources)}`);
  if (binaries.length > 0) kinds.push(`a binary package in ${suitesOf(binaries)}`);
  headline.push(kinds.join(" and "));
  const foreign = [...new Set(binaries.map((one) => one.sourceName))].filter((one) => one !== name);
  const shown = versions.slice(0, SHOWN_VERSIONS);
  const details: Inline[][] = [];
  if (foreign.length > 0) details.push(["built from ", { strong: foreign.join(", ") }]);
  if (versions.length > shown.length) {
    details.push([`${versions.length - shown.length} more versions are not shown`]);
  }
  return {
    message: {
      tone: "neutral",
      headline,
      details,
      table: {
        columns: ["suite", "kind", "version", "component", "architectures", "here for"],
        rows: shown.map((one) => [
          `${one.repository}:${one.suite}`,
          one.type === "deb" ? "binary" : one.type,
          one.version,
          one.component,
          one.architectures.join(" "),
          age(one.addedAt, now),
        ]),
      },
    },
    data: { kind: "versions", package: name, versions },
  };
}

function changesFact(name: string, changes: ArchiveChangeRow[], now: Date): Fact {
  return {
    message: {
      tone: "neutral",
      headline: ["What changed last about ", { strong: name }],
      table: {
        columns: ["when", "suite", "package", "what", "from", "to"],
        rows: changes.map((change) => [
          `${age(change.changed_at, now)} ago`,
          `${change.repository}:${change.suite}`,
          `${change.name} (${change.architecture})`,
          change.change,
          change.version_old ?? "",
          change.version_new ?? "",
        ]),
      },
    },
    data: { kind: "changes", package: name, changes },
  };
}

function suitesOf(versions: PackageVersion[]): string {
  const places = [...new Set(versions.map((one) => `${one.repository}:${one.suite}`))];
  return places.length > 3 ? `${places.length} suites` : places.join(", ");
}

/** Roughly how long ago, in one unit: `3 d`. */
export function age(since: Date, now: Date): string {
  const milliseconds = Math.max(0, now.getTime() - since.getTime());
  return prettyMilliseconds(milliseconds, { compact: true });
}
