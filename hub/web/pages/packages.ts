import { z } from "zod";
import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import {
  changesOfPackage,
  packageNames,
  packageVersions,
} from "../../../core/modules/archive/read.ts";
import { packageNameFault } from "../../../core/debian/package-name.ts";
import { notFound } from "../failure.ts";
import type { View } from "../layout.ts";
import { eventRow } from "../parts/event.ts";
import { changeTable, versionTable } from "../parts/package.ts";
import { listEvents } from "../read/events.ts";
import type { Web } from "../web.ts";
import { checked, type Page, Word } from "./page.ts";

const Query = z.object({ name: Word });
const NAMES = 60;
const CHANGES = 20;
const EVENTS = 20;

/** Everything about a name, in all suites; and the names that begin like it. */
export const packagesPage: Page = {
  path: "/packages",
  show: (web, { query, now }) => packagesView(web, checked(Query, query).name, now),
};

/** The short form that people type: `/bash`. Anything that is no package is not found. */
export const shortPage: Page = {
  path: "/:name",
  async show(web, { params, now }) {
    const { name = "" } = params;
    const isKnown =
      packageNameFault(name) === undefined && (await packageVersions(name)).length > 0;
    if (isKnown) return packagesView(web, name, now);
    throw notFound(`There is no page /${name.slice(0, 100)}.`, "See what happened lately: /events");
  },
};

async function packagesView(web: Web, name: string | undefined, now: Date): Promise<View> {
  const names = name === undefined ? [] : await packageNames(name, NAMES);
  const about = name === undefined ? undefined : await aboutPackage(web, name, now);
  const others = names.filter((other) => other !== name);
  return {
    title: name === undefined ? "Packages" : visible(name),
    section: "packages",
    main: html`<h1>${name === undefined ? "Packages" : visible(name)}</h1>
      ${name === undefined ? html`<p class="lead">Type a name, or how it begins, above.</p>` : ""}
      ${about ?? ""} ${name !== undefined && about === undefined ? nothing(name, others) : ""}
      ${others.length === 0 ? "" : nameList(others)}`,
  };
}

async function aboutPackage(web: Web, name: string, now: Date): Promise<Safe | undefined> {
  const [versions, changes, events] = await Promise.all([
    packageVersions(name),
    changesOfPackage(name, CHANGES),
    listEvents({ package: name }, EVENTS),
  ]);
  if (versions.length + changes.length + events.length === 0) return undefined;
  return html`${
      versions.length === 0
        ? html`<p class="empty panel">No suite has it now.</p>`
        : versionTable(name, versions, now)
    }
    <section aria-labelledby="changes-title">
      <h2 id="changes-title">What changed</h2>
      ${changeTable(changes, now)}
    </section>
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      ${
        events.length === 0
          ? html`<p class="empty panel">No event names it.</p>`
          : html`<ol class="events panel">
              ${events.map((event) => eventRow(web.registry, event, now))}
            </ol>`
      }
    </section>`;
}

function nothing(name: string, others: string[]): Safe {
  return html`<p class="empty panel">
    No package is called ${visible(name)}.
    ${others.length === 0 ? "Check the spelling, or import its suite first." : ""}
  </p>`;
}

function nameList(names: string[]): Safe {
  return html`<section aria-labelledby="names-title">
    <h2 id="names-title">Names that begin so</h2>
    <ul class="names panel">
      ${names.map(
        (name) =>
          html`<li><a href="/packages?name=${encodeURIComponent(name)}">${visible(name)}</a></li>`,
      )}
    </ul>
  </section>`;
}
