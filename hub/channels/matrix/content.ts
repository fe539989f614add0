import { escapeHtml, html } from "../../../core/html.ts";
import { renderHtml, renderText, visible } from "../../../core/message.ts";
import type { RoomText } from "./contract.ts";
import type { Content } from "./event.ts";

/**
 * Events may have 65,536 bytes with everything the homeserver adds (client-server API, "Size
 * limits"); Synapse adds some 600, other servers and encryption more.
 */
export const MAX_CONTENT_BYTES = 60 * 1024;

/** Both forms of a text: every client can show one of them. */
interface Rendered {
  body: string;
  html: string;
}

/** Field of our events with the transaction they were sent in, for when the server forgot it. */
export const TRANSACTION_FIELD = "org.laniakea.transaction";

/** The content of a notice: plain text and HTML, mentioning nobody, small enough to be taken. */
export function noticeContent(text: RoomText, txn: string): Content {
  const relation = relationOf(text);
  return fitted(text, (rendered) => ({
    ...notice(rendered),
    [TRANSACTION_FIELD]: txn,
    ...(relation === undefined ? {} : { "m.relates_to": relation }),
  }));
}

/**
 * The content that replaces an earlier notice (client-server API, "Event replacements"): what
 * counts is `m.new_content`; the rest is for clients that know no edits.
 */
export function editContent(target: string, text: RoomText, txn: string): Content {
  return fitted(text, (rendered) => ({
    ...notice({ body: `* ${rendered.body}`, html: `* ${rendered.html}` }),
    [TRANSACTION_FIELD]: txn,
    "m.new_content": notice(rendered),
    "m.relates_to": { rel_type: "m.replace", event_id: target },
  }));
}

export function reactionContent(target: string, key: string): Content {
  return { "m.relates_to": { rel_type: "m.annotation", event_id: target, key } };
}

function notice({ body, html: formatted }: Rendered): Content {
  return {
    msgtype: "m.notice",
    body,
    format: "org.matrix.custom.html",
    formatted_body: formatted,
    // Present and empty: names in the text ring nobody's bell (MSC3952).
    "m.mentions": {},
  };
}

function relationOf({ thread, replyTo }: RoomText): Content | undefined {
  if (thread !== undefined) {
    // Clients without threads show it as an answer to the event that is named here.
    const answered = { "m.in_reply_to": { event_id: replyTo ?? thread } };
    const fallback = replyTo === undefined ? { is_falling_back: true } : {};
    return { rel_type: "m.thread", event_id: thread, ...fallback, ...answered };
  }
  return replyTo === undefined ? undefined : { "m.in_reply_to": { event_id: replyTo } };
}

function fitted(text: RoomText, build: (rendered: Rendered) => Content): Content {
  const rendered = render(text);
  const whole = build(rendered);
  return encodedBytes(whole) <= MAX_CONTENT_BYTES ? whole : cut(rendered.body, build);
}

function render({ message, prefix = "" }: RoomText): Rendered {
  const before = prefix === "" ? "" : `${visible(prefix)} `;
  return {
    body: wellFormed(before + renderText(message)),
    html: wellFormed(html`${before}${renderHtml(message)}`.text.replace(/\s*\n\s*/g, " ")),
  };
}

/**
 * The longest beginning that fits, with a note of how much is missing. HTML cannot be cut, so the
 * formatted form is then the plain one.
 */
function cut(body: string, build: (rendered: Rendered) => Content): Content {
  const points = Array.from(body);
  function content(length: number): Content {
    const note = `\n… [cut: ${points.length - length} of ${points.length} characters are missing]`;
    const shortened = points.slice(0, length).join("") + note;
    return build({ body: shortened, html: escapeHtml(shortened).replaceAll("\n", "<br>") });
  }
  let [fits, tooMany] = [0, points.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (encodedBytes(content(middle)) <= MAX_CONTENT_BYTES) fits = middle;
    else tooMany = middle;
  }
  return content(fits);
}

function encodedBytes(content: Content): number {
  return Buffer.byteLength(JSON.stringify(content));
}

/** Half a surrogate pair is no text: homeservers refuse it, so it becomes U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
