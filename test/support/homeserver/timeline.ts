import { latestEdit, relationOf, visibleContent } from "./client-event.ts";
import { asString, record } from "./content.ts";
import type { Content, Room, StoredEvent } from "./world.ts";

/** A message as a client shows it: edits applied, reactions gathered. */
export interface Shown {
  eventId: string;
  sender: string;
  msgtype: string | undefined;
  body: string | undefined;
  html: string | undefined;
  /** The content that counts: of the newest edit, else as sent. */
  content: Content;
  edits: number;
  redacted: boolean;
  threadRoot: string | undefined;
  /** Who reacted, by reaction. */
  reactions: Record<string, string[]>;
}

/** The messages of a room in order, as a client shows them. */
export function shownTimeline(room: Room): Shown[] {
  return room.events
    .filter((event) => event.type === "m.room.message" && relationOf(event).type !== "m.replace")
    .map((event) => shown(room, event));
}

function shown(room: Room, event: StoredEvent): Shown {
  const edit = latestEdit(room, event);
  const content =
    edit === undefined ? visibleContent(event) : record(visibleContent(edit)["m.new_content"]);
  const relation = relationOf(event);
  return {
    eventId: event.event_id,
    sender: event.sender,
    msgtype: asString(content["msgtype"]),
    body: asString(content["body"]),
    html: asString(content["formatted_body"]),
    content,
    edits: room.events.filter(
      (other) =>
        other.sender === event.sender &&
        relationOf(other).type === "m.replace" &&
        relationOf(other).target === event.event_id,
    ).length,
    redacted: event.redactedBy !== undefined,
    threadRoot: relation.type === "m.thread" ? relation.target : undefined,
    reactions: reactionsTo(room, event),
  };
}

function reactionsTo(room: Room, event: StoredEvent): Record<string, string[]> {
  const reactions: Record<string, string[]> = {};
  for (const other of room.events) {
    const relation = relationOf(other);
    if (relation.type !== "m.annotation" || relation.target !== event.event_id) continue;
    const key = relation.key ?? "";
    reactions[key] = [...(reactions[key] ?? []), other.sender];
  }
  return reactions;
}
