import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { RoomMessage } from "../../model/conversation.ts";
import { messageHtml } from "./message.ts";
import { timeHtml } from "./time.ts";

/** Lines of the room that a page holds. */
export const ROOM_LINES = 100;

/** One line of the room. Its id lets the client replace it when it is edited. */
export function roomEntry(line: RoomMessage, now: Date): Safe {
  const ours = line.message !== null;
  return html`<div id="room-${line.id}" class="line ${ours ? "ours" : "theirs"}">
    <p class="who">
      <strong>${ours ? "Laniakea" : visible(line.sender.replace(/^local:/, ""))}</strong>
      <span class="quiet">${timeHtml(line.editedAt ?? line.saidAt, now)}</span>
    </p>
    ${
      line.message === null
        ? html`<p class="said">${visible(line.body)}</p>`
        : messageHtml(line.message)
    }
  </div>`;
}

/** The room: what was said, and for who may speak a line to type. */
export function roomPanel(options: {
  lines: RoomMessage[];
  maySpeak: boolean;
  commands: string[];
  suggestions: string[];
  now: Date;
}): Safe {
  const { lines, maySpeak, commands, suggestions, now } = options;
  return html`<div
      id="room-log"
      class="room-log"
      role="log"
      aria-label="What was said"
      tabindex="0"
    >
      ${
        lines.length === 0
          ? html`<p class="empty">Nothing was said yet. Try one of the words below.</p>`
          : lines.map((line) => roomEntry(line, now))
      }
    </div>
    ${maySpeak ? speakForm(commands, suggestions) : readOnly()}`;
}

/** The button that Return presses is the first one, so Send comes before the suggestions. */
function speakForm(commands: string[], suggestions: string[]): Safe {
  return html`<form id="room-form" class="speak" method="post" action="/room">
    <label for="room-text" class="unseen">A command for the bot</label>
    <div class="row">
      <input
        id="room-text"
        name="text"
        list="room-commands"
        placeholder="help"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        maxlength="4000"
      />
      <button class="main">Send</button>
    </div>
    <datalist id="room-commands">
      ${commands.map((command) => html`<option value="${command}"></option>`)}
    </datalist>
    <p class="suggestions">
      <span class="quiet">Try</span>
      ${suggestions.map(
        (text) => html`<button class="chip" name="suggestion" value="${text}">${text}</button>`,
      )}
    </p>
    <p role="alert" class="error"></p>
  </form>`;
}

function readOnly(): Safe {
  return html`<p class="quiet">
    You can read here. Speaking needs this machine itself, Matrix, or the API with its token.
  </p>`;
}
