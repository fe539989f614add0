import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import { type BinaryPage, binaryPage } from "../../../core/modules/archive/package-page.ts";
import { type SoftwareComponent, softwareNamed } from "../../../core/modules/software/read.ts";
import { notFound } from "../failure.ts";
import { factList, homepage, packagePath, relations } from "../parts/package.ts";
import { momentHtml } from "../parts/time.ts";
import { checked, type Page, Word } from "./page.ts";

const Query = z.object({ repository: Word });

/** A binary package in a suite: each version of it with what it needs. */
export const binaryPackagePage: Page = {
  path: "/package/bin/:suite/:name",
  async show(_web, { params, query, now }) {
    const { suite = "", name = "" } = params;
    const page = await binaryPage({ suite, name, ...checked(Query, query) });
    if (page === undefined) {
      throw notFound(
        `The suite ${suite} has no binary package ${name}.`,
        `Look for it everywhere: /packages?name=${encodeURIComponent(name)}`,
      );
    }
    return {
      title: `${visible(name)} in ${visible(suite)}`,
      section: "packages",
      main: html`<p class="crumbs">
          <a href="/suites/${encodeURIComponent(suite)}">${visible(suite)}</a> ·
          <a href="/packages?name=${encodeURIComponent(name)}">in all suites</a>
        </p>
        <h1>${visible(name)}</h1>
        ${softwareHtml(await softwareNamed(name, suite), name)}
        ${page.entries.map((entry) => entryHtml(entry, page, now))}`,
    };
  },
};

/** Applications of the package, with their icons. */
function softwareHtml(found: SoftwareComponent[], packageName: string): Safe[] {
  return found
    .filter((one) => one.package === packageName)
    .map(
      (one) =>
        html`<p class="software">
          ${
            one.icon === null
              ? ""
              : html`<img src="/software/icon/${one.icon}" alt="" width="32" height="32" />`
          }
          <strong>${visible(one.name["C"] ?? one.id)}</strong>: ${visible(one.summary["C"] ?? "")}
        </p>`,
    );
}

function entryHtml(entry: BinaryPage["entries"][number], page: BinaryPage, now: Date): Safe {
  const { suite, repository } = page;
  const source = { suite, name: entry.sourceName, repository };
  return html`<section>
    <h2>
      <span class="version">${visible(entry.version)}</span>
      <span class="quiet">${visible(entry.architectures.join(" "))}</span>
    </h2>
    <div class="panel">
      <p><strong>${visible(entry.summary ?? "")}</strong></p>
      ${
        entry.description === null
          ? ""
          : html`<p class="description">${visible(entry.description)}</p>`
      }
      ${factList([
        ["Repository", `${repository}, ${entry.component}`],
        [
          "Source",
          html`<a href="${packagePath("source", source)}">${visible(entry.sourceName)}</a>
            <span class="version">${visible(entry.sourceVersion)}</span>`,
        ],
        ["Section", entry.section],
        ["Priority", entry.priority],
        ["Maintainer", entry.maintainer],
        ["Homepage", homepage(entry.homepage)],
        ["Multi-Arch", entry.multiArch],
        ["Depends", relations(entry.depends, suite)],
        ["Pre-Depends", relations(entry.preDepends, suite)],
        ["Recommends", relations(entry.recommends, suite)],
        ["Suggests", relations(entry.suggests, suite)],
        ["Provides", entry.provides],
        ["Conflicts", relations(entry.conflicts, suite)],
        ["Breaks", relations(entry.breaks, suite)],
        ["Replaces", relations(entry.replaces, suite)],
        ["Here since", momentHtml(entry.addedAt, now)],
      ])}
    </div>
  </section>`;
}
