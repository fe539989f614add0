import type { IncomingMatrixMessage, IncomingReaction, IncomingRedaction } from "./contract.ts";
import { objectIn, type RoomEvent, textIn } from "./event.ts";

/** A message by itself; who else was there is known by members.ts. */
export type ReadMessage = Omit<IncomingMatrixMessage, "alone" | "ownName">;

/**
 * The message that a person said in a room, or undefined for everything that must not trigger
 * anything: our own events, notices (bots must not answer bots: client-server API, "m.notice"),
 * edits, redacted messages, and what is no text.
 */
export function readMessage(
  room: string,
  event: RoomEvent,
  self: string,
  isDirect: boolean,
): ReadMessage | undefined {
  if (event.type !== "m.room.message" || event.state_key !== undefined) return undefined;
  if (event.sender === self || isRedacted(event)) return undefined;
  const { content } = event;
  const body = textIn(content, "body");
  if (content["msgtype"] !== "m.text" || body === undefined) return undefined;
  const relation = objectIn(content, "m.relates_to");
  if (relation["rel_type"] === "m.replace") return undefined;
  const repliesTo = textIn(objectIn(relation, "m.in_reply_to"), "event_id");
  const mentioned = objectIn(content, "m.mentions")["user_ids"];
  return {
    room,
    eventId: event.event_id,
    sender: event.sender,
    body: repliesTo === undefined ? body : withoutQuotedReply(body),
    formatted: readFormatted(content),
    time: new Date(event.origin_server_ts),
    isDirect,
    mentionsUs: Array.isArray(mentioned) && mentioned.includes(self),
    threadRoot: relation["rel_type"] === "m.thread" ? textIn(relation, "event_id") : undefined,
    // A reply that only keeps a thread together for old clients answers nothing.
    replyTo: relation["is_falling_back"] === true ? undefined : repliesTo,
  };
}

/** The redaction that an event is, with the id of what it takes back. */
export function readRedaction(
  room: string,
  event: RoomEvent,
  self: string,
): IncomingRedaction | undefined {
  if (event.type !== "m.room.redaction" || event.sender === self) return undefined;
  const target = redactedId(event);
  if (target === undefined) return undefined;
  const time = new Date(event.origin_server_ts);
  return { room, eventId: target, sender: event.sender, time };
}

/** Since room version 11 the id is in the content, before beside it; servers give both. */
export function redactedId(event: RoomEvent): string | undefined {
  return textIn(event.content, "redacts") ?? event.redacts;
}

/** The reaction that an event is. */
export function readReaction(
  room: string,
  event: RoomEvent,
  self: string,
): IncomingReaction | undefined {
  if (event.type !== "m.reaction" || event.sender === self || isRedacted(event)) return undefined;
  const relation = objectIn(event.content, "m.relates_to");
  const target = textIn(relation, "event_id");
  const key = textIn(relation, "key");
  if (relation["rel_type"] !== "m.annotation" || target === undefined || key === undefined) {
    return undefined;
  }
  const time = new Date(event.origin_server_ts);
  return { room, eventId: event.event_id, target, key, sender: event.sender, time };
}

function isRedacted(event: RoomEvent): boolean {
  return event.unsigned?.redacted_because !== undefined;
}

function readFormatted(content: Record<string, unknown>): string | undefined {
  if (content["format"] !== "org.matrix.custom.html") return undefined;
  const html = textIn(content, "formatted_body");
  return html?.replace(/^\s*<mx-reply>[\s\S]*?<\/mx-reply>/i, "");
}

/**
 * Takes off the quotation that clients put before a reply until Matrix 1.13 ("> <@user:server>
 * text", then an empty line). Other quoted lines are the sender's own.
 */
export function withoutQuotedReply(body: string): string {
  if (!/^> (\* )?<[^>]+>/.test(body)) return body;
  const lines = body.split("\n");
  const rest = lines.findIndex((line) => !line.startsWith(">"));
  if (rest < 0) return "";
  return lines.slice(lines[rest] === "" ? rest + 1 : rest).join("\n");
}
