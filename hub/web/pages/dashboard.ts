import { html, type Safe } from "../../../core/html.ts";
import { mayRun } from "../../../core/operation/ask.ts";
import { LOCAL_ROOM, readRoom } from "../../channels/room/room.ts";
import type { View } from "../layout.ts";
import { livePart } from "../live/parts.ts";
import { STREAM_ROWS } from "../live/page-follower.ts";
import { eventRow } from "../parts/event.ts";
import { ROOM_LINES, roomPanel } from "../parts/room.ts";
import { setupPanel } from "../parts/setup.ts";
import { listEvents } from "../read/events.ts";
import type { Web } from "../web.ts";
import type { Page, PageCall } from "./page.ts";

const LIVE_PARTS = ["health", "suites", "operations", "activity"];

/** All at a glance, live: how things are, what happens, and the room. */
export const dashboard: Page = {
  path: "/",
  async show(web, call) {
    const [events, lines, ...parts] = await Promise.all([
      listEvents({}, STREAM_ROWS),
      readRoom(LOCAL_ROOM, undefined, ROOM_LINES),
      ...LIVE_PARTS.map((id) => partHtml(web, call, id)),
    ]);
    const [health, suites, operations, activity] = parts;
    const room = roomPanel({
      lines,
      maySpeak: mayRun(call.viewer.role, "reader"),
      commands: commandsOf(web),
      suggestions: suggestionsFor(web),
      now: call.now,
    });
    const since = `${events[0]?.id ?? "0"}.${newestRevision(lines)}`;
    const names = [...LIVE_PARTS, "events", "room"].join(",");
    return {
      title: "Dashboard",
      section: "dashboard",
      live: new URLSearchParams({ watch: names, since }),
      main: html`<section class="health" aria-label="Health" id="health">${health}</section>
        <div class="board">
          <section class="area-suites" aria-labelledby="suites-title">
            <h2 id="suites-title">Suites</h2>
            <div id="suites">${suites}</div>
          </section>
          <section class="area-room panel" aria-labelledby="room-title">
            <h2 id="room-title">Room</h2>
            ${room}
          </section>
          <section class="area-operations" aria-labelledby="operations-title">
            <div class="heading">
              <h2 id="operations-title">Operations</h2>
              <a href="/operations">All operations</a>
            </div>
            <div id="operations" class="panel">${operations}</div>
          </section>
          <section class="area-events" aria-labelledby="events-title">
            <div class="heading">
              <h2 id="events-title">Events</h2>
              <a href="/events">All events</a>
            </div>
            <div id="activity" class="activity-box">${activity}</div>
            <ol id="events" class="events panel">
              ${
                events.length === 0
                  ? html`<li class="empty">Nothing has happened yet.</li>`
                  : events.map((event) => eventRow(web.registry, event, call.now))
              }
            </ol>
          </section>
        </div>
        ${web.demo ? setupPanel() : ""}`,
    } satisfies View;
  },
};

async function partHtml(web: Web, call: PageCall, id: string): Promise<Safe> {
  return (await livePart(id)?.render(web, call.viewer, call.now)) ?? html``;
}

function newestRevision(lines: { revision: string }[]): string {
  return lines
    .reduce((newest, line) => (BigInt(line.revision) > newest ? BigInt(line.revision) : newest), 0n)
    .toString();
}

/** What completion offers: an example of each operation and its name. */
function commandsOf(web: Web): string[] {
  const lines = [...web.registry.operations.values()].flatMap((operation) => [
    operation.name,
    ...operation.examples,
  ]);
  return [...new Set(lines)].toSorted();
}

function suggestionsFor(web: Web): string[] {
  return web.demo ? ["help", "status", "why mini", "import demo"] : ["help", "status", "queue"];
}
