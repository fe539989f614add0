import { html, type Safe } from "../../core/html.ts";
import type { Viewer } from "./access.ts";
import type { Assets } from "./assets.ts";

/** What a page shows, without the frame that all share. */
export interface View {
  title: string;
  /** Which entry of the menu it belongs to. */
  section?: Section;
  main: Safe;
  status?: number;
  /** Parts and lists that go on by themselves, and since when: what follows `/live?`. */
  live?: URLSearchParams;
}

export type Section = "dashboard" | "packages" | "events" | "operations" | "subscriptions" | "mail";

const MENU: [Section, href: string, word: string][] = [
  ["dashboard", "/", "Dashboard"],
  ["packages", "/packages", "Packages"],
  ["events", "/events", "Events"],
  ["operations", "/operations", "Operations"],
  ["subscriptions", "/subscriptions", "Subscriptions"],
  ["mail", "/mail", "Mail"],
];

/** A whole document. Everything in it that is no markup of ours was escaped on the way. */
export function documentHtml(view: View, viewer: Viewer, assets: Assets): string {
  const live = view.live === undefined ? "" : html` data-live="/live?${view.live.toString()}"`;
  const title = view.section === "dashboard" ? "Laniakea" : `${view.title} · Laniakea`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${assets.icon.path}" />
        <link rel="stylesheet" href="${assets.style.path}" />
        <script type="module" src="${assets.client.path}"></script>
      </head>
      <body ${live}>
        <a class="skip" href="#main">Skip to content</a>
        <header class="bar">
          <a class="brand" href="/"
            ><img src="${assets.icon.path}" alt="" width="28" height="28" />Laniakea</a
          >
          <nav aria-label="Main">
            <ul>
              ${MENU.map(([section, href, word]) => menuEntry(href, word, view.section === section))}
            </ul>
          </nav>
          <form class="search" role="search" action="/packages">
            <label class="unseen" for="search">A package</label>
            <input
              id="search"
              name="name"
              type="search"
              placeholder="Package…"
              autocapitalize="none"
              spellcheck="false"
            />
          </form>
          <p id="connection" role="status" hidden></p>
        </header>
        <main id="main" tabindex="-1">${view.main}</main>
        ${footer(viewer)}
      </body>
    </html>`.text.trimStart();
}

function menuEntry(href: string, word: string, current: boolean): Safe {
  const mark = current ? html` aria-current="page"` : "";
  return html`<li><a href="${href}" ${mark}>${word}</a></li>`;
}

function footer(viewer: Viewer): Safe {
  const rights = viewer.role === "none" ? "You can read." : `You are ${viewer.role} here.`;
  return html`<footer>
    <p>${rights} Times are UTC.</p>
    <ul>
      <li><a href="/api/v1/openapi.json">API</a></li>
      <li><a href="/metrics">Metrics</a></li>
      <li><a href="/readyz">Health</a></li>
    </ul>
  </footer>`;
}
