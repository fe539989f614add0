import type { Subject } from "../../core/events/declare.ts";
import { emailOf } from "../../core/events/phrases.ts";
import { isForeignAddress, isForeignOrigin } from "./foreign.ts";

/** Who answers for the packages of an event, as the imported archive says. */
export interface Owners {
  /** Source packages: those named, and those that named binaries are built from. */
  sources: readonly string[];
  /** Addresses in Maintainer and Uploaders, in lower case. */
  maintainers: readonly string[];
  /** Those who are told without having asked, with the packages for which they are. */
  covered: ReadonlyMap<string, readonly string[]>;
}

/** For what the archive does not know. */
export const NO_OWNERS: Owners = { sources: [], maintainers: [], covered: new Map() };

/** Whose packages are told to their maintainers: of our own distribution, of all, of nobody's. */
export type Coverage = "own" | "all" | "none";

/** A source package of a suite, as imported. */
export interface SourceRow {
  source: string;
  version: string;
  versionKey: string;
  repository: string;
  suite: string;
  /** `Origin` of the suite's Release. */
  origin: string | null;
  maintainer: string | null;
  uploaders: readonly string[];
}

/**
 * Who answers for the packages of an event: of the suites that it names, or else the newest of
 * each source package.
 *
 * Who is covered: with "own" nobody whose package is another distribution's. A package counts as
 * foreign when its suite says so (`Origin: Debian`), when a foreign suite here has the very same
 * version (it was only brought over), and an address when its host is a foreign distribution's:
 * a derivative keeps many a Maintainer field as it came.
 */
export function ownersOf(
  subject: Subject,
  rowsOf: (name: string) => readonly SourceRow[],
  coverage: Coverage,
): Owners {
  const sources = new Set<string>();
  const maintainers = new Set<string>();
  const covered = new Map<string, string[]>();
  for (const rows of bySource((subject.packages ?? []).flatMap((name) => rowsOf(name)))) {
    const row = theOneMeant(rows, subject);
    if (row === undefined || sources.has(row.source)) continue;
    sources.add(row.source);
    const addresses = addressesOf(row);
    for (const address of addresses) {
      maintainers.add(address);
      if (coverage === "none") continue;
      if (coverage === "own" && (isForeign(row, rows) || isForeignAddress(address))) continue;
      covered.set(address, [...(covered.get(address) ?? []), row.source]);
    }
  }
  return { sources: [...sources], maintainers: [...maintainers], covered };
}

function bySource(rows: readonly SourceRow[]): Iterable<SourceRow[]> {
  const groups = new Map<string, SourceRow[]>();
  for (const row of rows) {
    const group = groups.get(row.source);
    if (group === undefined) groups.set(row.source, [row]);
    else group.push(row);
  }
  return groups.values();
}

/** In the suites that the event names, else in its repository, else anywhere: the newest. */
function theOneMeant(rows: readonly SourceRow[], subject: Subject): SourceRow | undefined {
  const near = rows.filter(
    (row) => subject.repository === undefined || row.repository === subject.repository,
  );
  const exact = near.filter((row) => subject.suites?.includes(row.suite) === true);
  const choice = exact.length > 0 ? exact : near.length > 0 ? near : rows;
  let newest: SourceRow | undefined;
  for (const row of choice) {
    if (newest === undefined || row.versionKey > newest.versionKey) newest = row;
  }
  return newest;
}

function isForeign(row: SourceRow, others: readonly SourceRow[]): boolean {
  return others.some((other) => other.version === row.version && isForeignOrigin(other.origin));
}

function addressesOf(row: SourceRow): string[] {
  const people = [row.maintainer ?? "", ...row.uploaders];
  return [...new Set(people.flatMap((person) => emailOf(person)?.toLowerCase() ?? []))];
}
