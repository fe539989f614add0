import { count, list } from "../../events/phrases.ts";
import type { Inline, Table } from "../../message.ts";
import type { Answer } from "../../operation/declare.ts";
import type { DiffView } from "./diff.ts";
import { age } from "./explain.ts";
import {
  type ChangedPackage,
  foldArchitectures,
  foldJournal,
  type JournalRow,
} from "./fold-journal.ts";
import type { RecordedState, Span } from "./recorded-state.ts";

type Binary = ReturnType<typeof foldArchitectures>[number];

/** What changed between two states of a suite, for people and programs. */
export function describeNetChanges(view: DiffView, span: Span, rows: JournalRow[]): Answer {
  const { suite, now, binaries } = view;
  const sources = binaries ? [] : foldJournal(rows).toSorted(byName);
  const built = binaries ? foldArchitectures(rows).toSorted((a, b) => compare(a.name, b.name)) : [];
  const changes = binaries ? built : sources;
  const counts = countsOf(changes);
  const details: Inline[][] = [[spanWords(span, now)]];
  if (span.cut) details.push(["nothing was recorded before its first import"]);
  if (changes.length > 0) details.push([countWords(counts)]);
  const what = count(changes.length, binaries ? "binary package" : "source package");
  const place = { strong: `${suite.repository}:${suite.name}` };
  return {
    messages: [
      {
        tone: "neutral",
        headline:
          changes.length === 0 ? ["nothing changed in ", place] : [place, `: ${what} changed`],
        details,
        ...(changes.length === 0
          ? {}
          : { table: binaries ? binaryTable(built) : sourceTable(sources) }),
      },
    ],
    data: {
      repository: suite.repository,
      suite: suite.name,
      since: span.from,
      until: span.to,
      counts,
      changes: binaries ? built : sources,
    },
  };
}

function sourceTable(changes: ChangedPackage[]): Table {
  return {
    columns: ["package", "what", "from", "to", "component", "binaries"],
    rows: changes.map((one) => [
      one.pkg_name,
      sourceWords(one),
      one.version_old ?? "",
      one.version_new ?? "",
      one.component_old === undefined ? one.component : `${one.component_old} → ${one.component}`,
      one.binaries_count === 0 ? "" : String(one.binaries_count),
    ]),
  };
}

function sourceWords({ change, source_changed, component_old }: ChangedPackage): string {
  if (component_old !== undefined) return "moved";
  return source_changed ? change : `binaries ${change}`;
}

function binaryTable(changes: Binary[]): Table {
  return {
    columns: ["package", "what", "from", "to", "architectures"],
    rows: changes.map((one) => [
      one.type === "udeb" ? `${one.name} (installer)` : one.name,
      one.change,
      one.version_old ?? "",
      one.version_new ?? "",
      one.architectures.join(" "),
    ]),
  };
}

function spanWords({ from, to }: Span, now: Date): string {
  return `from ${stateWords(from, now)} to ${stateWords(to, now)}`;
}

function stateWords({ run, at }: RecordedState, now: Date): string {
  return `run ${run} (${age(at, now)} ago)`;
}

function countsOf(changes: readonly { change: JournalRow["change"] }[]): Record<string, number> {
  const counts = { added: 0, updated: 0, changed: 0, removed: 0 };
  for (const { change } of changes) counts[change]++;
  return counts;
}

/** `3 added and 1 removed`. */
export function countWords(counts: Record<string, number>): string {
  const parts = Object.entries(counts).filter(([, number]) => number > 0);
  return list(parts.map(([what, number]) => `${number.toLocaleString("en")} ${what}`));
}

function byName(a: ChangedPackage, b: ChangedPackage): number {
  return compare(a.pkg_name, b.pkg_name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
