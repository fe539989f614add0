import prettyBytes from "pretty-bytes";
import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { type SourcePage, sourcePage } from "../../../core/modules/archive/package-page.ts";
import { notFound } from "../failure.ts";
import {
  changeTable,
  factList,
  homepage,
  packagePath,
  relations,
  tableHtml,
} from "../parts/package.ts";
import { momentHtml } from "../parts/time.ts";
import { checked, type Page, Word } from "./page.ts";

const Query = z.object({ repository: Word });

/** A source package in a suite: what it is, what is built from it, what changed. */
export const sourcePackagePage: Page = {
  path: "/package/src/:suite/:name",
  async show(_web, { params, query, now }) {
    const { suite = "", name = "" } = params;
    const page = await sourcePage({ suite, name, ...checked(Query, query) });
    if (page === undefined) {
      throw notFound(
        `The suite ${suite} has no source package ${name}.`,
        `Look for it everywhere: /packages?name=${encodeURIComponent(name)}`,
      );
    }
    const { source, binaries, changes } = page;
    return {
      title: `${visible(source.name)} in ${visible(suite)}`,
      section: "packages",
      main: html`<p class="crumbs">
          <a href="/suites/${encodeURIComponent(suite)}">${visible(suite)}</a> ·
          <a href="/packages?name=${encodeURIComponent(name)}">in all suites</a>
        </p>
        <h1>${visible(source.name)} <span class="version">${visible(source.version)}</span></h1>
        ${sourceFacts(page, now)}
        <section aria-labelledby="binaries-title">
          <h2 id="binaries-title">Built from it</h2>
          ${binaryTable(binaries, page)}
        </section>
        <section aria-labelledby="changes-title">
          <h2 id="changes-title">What changed</h2>
          ${changeTable(changes, now)}
        </section>
        <section aria-labelledby="files-title">
          <h2 id="files-title">Files</h2>
          ${tableHtml(
            "Files",
            ["Name", "Size", "SHA-256"],
            page.files.map((file) => [
              visible(file.name),
              prettyBytes(Number(file.size)),
              html`<code class="hash">${file.sha256 ?? "–"}</code>`,
            ]),
          )}
        </section>`,
    };
  },
};

function sourceFacts(
  { source, repository, component, suite, otherVersions }: SourcePage,
  now: Date,
) {
  return factList([
    ["Repository", `${repository}, ${component}`],
    ["Maintainer", source.maintainer],
    ["Uploaders", source.uploaders.join(", ")],
    ["Architectures", source.architectures.join(" ")],
    ["Section", source.section],
    ["Standards", source.standardsVersion],
    ["Homepage", homepage(source.homepage)],
    ["Repository of the source", homepage(source.vcsBrowser ?? source.vcsGit)],
    ["Tests", source.testsuite.join(", ")],
    ["Builds with", relations(source.buildDepends, suite)],
    ["… for all", relations(source.buildDependsIndep, suite)],
    ["… for an architecture", relations(source.buildDependsArch, suite)],
    ["Here since", momentHtml(source.addedAt, now)],
    ["Also here", otherVersions.join(", ")],
  ]);
}

function binaryTable(binaries: SourcePage["binaries"], page: SourcePage): Safe {
  if (binaries.length === 0) return html`<p class="empty panel">No binary package is here.</p>`;
  const { suite, repository } = page;
  return tableHtml(
    "Binary packages",
    ["Package", "Version", "Architectures", "Summary"],
    binaries.map(({ name, type, version, architectures, summary }) => [
      html`<a href="${packagePath(type, { suite, name, repository })}">${visible(name)}</a>
        ${type === "udeb" ? html`<span class="badge neutral">udeb</span>` : ""}`,
      html`<span class="version">${visible(version)}</span>`,
      visible(architectures.join(" ")),
      visible(summary ?? ""),
    ]),
  );
}
