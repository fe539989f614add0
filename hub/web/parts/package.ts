import { html, joinHtml, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { ArchiveChangeRow, PackageVersion } from "../../../core/modules/archive/read.ts";
import { timeHtml } from "./time.ts";

const CHANGES: Record<ArchiveChangeRow["change"], [tone: string, word: string]> = {
  added: ["good", "added"],
  updated: ["good", "updated"],
  changed: ["attention", "changed"],
  removed: ["attention", "removed"],
};

/** Where a package of a suite has its page. */
export function packagePath(
  type: PackageVersion["type"],
  { suite, name, repository }: { suite: string; name: string; repository?: string },
): string {
  const kind = type === "source" ? "src" : "bin";
  const path = `/package/${kind}/${encodeURIComponent(suite)}/${encodeURIComponent(name)}`;
  return repository === undefined ? path : `${path}?repository=${encodeURIComponent(repository)}`;
}

/** The versions of a name in all suites. */
export function versionTable(name: string, versions: PackageVersion[], now: Date): Safe {
  return tableHtml(
    "Versions",
    ["Suite", "Kind", "Version", "Component", "Architectures", "Since"],
    versions.map(({ repository, suite, type, version, component, architectures, addedAt }) => [
      html`<a href="/suites/${encodeURIComponent(suite)}">${visible(suite)}</a>
        <span class="quiet">${visible(repository)}</span>`,
      type === "deb" ? "binary" : type,
      html`<a class="version" href="${packagePath(type, { suite, name, repository })}"
        >${visible(version)}</a
      >`,
      visible(component),
      visible(architectures.join(" ")),
      timeHtml(addedAt, now),
    ]),
  );
}

/** What imports found changed, newest first. */
export function changeTable(changes: ArchiveChangeRow[], now: Date): Safe {
  if (changes.length === 0) {
    return html`<p class="empty panel">Nothing has changed since the first import.</p>`;
  }
  return tableHtml(
    "Changes",
    ["When", "Suite", "Package", "What", "From", "To"],
    changes.map((row) => {
      const [tone, word] = CHANGES[row.change];
      return [
        timeHtml(row.changed_at, now),
        visible(row.suite),
        html`${visible(row.name)} <span class="quiet">${row.architecture}</span>`,
        html`<span class="badge ${tone}">${word}</span>`,
        html`<span class="version">${visible(row.version_old ?? "–")}</span>`,
        html`<span class="version">${visible(row.version_new ?? "–")}</span>`,
      ];
    }),
  );
}

/** A table that scrolls by itself where it is too wide. */
export function tableHtml(label: string, columns: string[], rows: (Safe | string)[][]): Safe {
  return html`<div class="scroll panel" tabindex="0" role="group" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Facts with their names; those without a value are left out. */
export function factList(facts: [name: string, value: Safe | string | null | undefined][]): Safe {
  const given = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">
    ${given.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${typeof value === "string" ? visible(value) : value}</dd>`,
    )}
  </dl>`;
}

/** An address from a package's fields: a link only if it leads to the web. */
export function homepage(address: string | null): Safe | null {
  if (address === null) return null;
  const shown = visible(address);
  return /^https?:\/\//.test(shown)
    ? html`<a rel="nofollow" href="${shown}">${shown}</a>`
    : html`${shown}`;
}

/** A relation field (Policy 7.1) with each package it names linked within the suite. */
export function relations(field: string | null, suite: string): Safe | null {
  if (field === null) return null;
  const groups = field.split(/\s*,\s*/).filter((group) => group !== "");
  return joinHtml(
    groups.map((group) =>
      joinHtml(
        group.split(/\s*\|\s*/).map((one) => relation(one.trim(), suite)),
        " | ",
      ),
    ),
    ", ",
  );
}

function relation(text: string, suite: string): Safe {
  const [, name, rest] = /^([a-z0-9][a-z0-9+.-]+)(.*)$/s.exec(text) ?? [];
  if (name === undefined) return html`${visible(text)}`;
  return html`<a href="${packagePath("deb", { suite, name })}">${name}</a
    ><span class="quiet">${visible(rest ?? "")}</span>`;
}
