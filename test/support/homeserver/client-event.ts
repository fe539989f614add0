import { asString, record } from "./content.ts";
import { membership, stateAt, stateContent } from "./room.ts";
import type { Content, Device, Room, StoredEvent, World } from "./world.ts";
import { now } from "./world.ts";

/** Content keys that survive a redaction, by event type (client-server API, "Redactions"). */
const KEPT: Record<string, string[]> = {
  "m.room.member": ["membership", "join_authorised_via_users_server"],
  "m.room.join_rules": ["join_rule", "allow"],
  "m.room.history_visibility": ["history_visibility"],
  "m.room.power_levels": [
    "ban",
    "events",
    "events_default",
    "invite",
    "kick",
    "redact",
    "state_default",
    "users",
    "users_default",
  ],
};

/** An event as this device gets to see it. `inSync`: without the room id. */
export function clientEvent(
  world: World,
  room: Room,
  event: StoredEvent,
  device: Device,
  inSync = false,
): Content {
  const unsigned: Content = {
    age: Math.max(0, now(world) - event.origin_server_ts),
    // MSC4115: what the reader was when it happened.
    membership: membership(room, device.userId, event.position),
  };
  if (event.replaces !== undefined) {
    unsigned["replaces_state"] = event.replaces.event_id;
    unsigned["prev_content"] = event.replaces.content;
    unsigned["prev_sender"] = event.replaces.sender;
  }
  if (event.transaction?.deviceKey === deviceKey(device)) {
    unsigned["transaction_id"] = event.transaction.id;
  }
  if (event.redactedBy !== undefined) {
    unsigned["redacted_by"] = event.redactedBy.event_id;
    unsigned["redacted_because"] = clientEvent(world, room, event.redactedBy, device, inSync);
  }
  if (!inSync) {
    const replacement = latestEdit(room, event);
    if (replacement !== undefined) {
      const latest = clientEvent(world, room, replacement, device, true);
      unsigned["m.relations"] = { "m.replace": { ...latest, room_id: room.id } };
    }
  }
  return {
    type: event.type,
    event_id: event.event_id,
    ...(inSync ? {} : { room_id: room.id }),
    sender: event.sender,
    origin_server_ts: event.origin_server_ts,
    content: visibleContent(event),
    ...(event.state_key === undefined ? {} : { state_key: event.state_key }),
    ...(event.redacts === undefined ? {} : { redacts: event.redacts }),
    unsigned,
  };
}

export function deviceKey(device: Device): string {
  return `${device.userId} ${device.id}`;
}

/** The content, stripped when the event was redacted. */
export function visibleContent(event: StoredEvent): Content {
  if (event.redactedBy === undefined) return event.content;
  const kept = KEPT[event.type] ?? [];
  return Object.fromEntries(Object.entries(event.content).filter(([key]) => kept.includes(key)));
}

/** What the event's `m.relates_to` says: the kind of relation and the event it points at. */
export function relationOf(event: StoredEvent): { type?: string; target?: string; key?: string } {
  const relation = record(visibleContent(event)["m.relates_to"]);
  const found: { type?: string; target?: string; key?: string } = {};
  const type = asString(relation["rel_type"]);
  const target = asString(relation["event_id"]);
  const key = asString(relation["key"]);
  if (type !== undefined) found.type = type;
  if (target !== undefined) found.target = target;
  if (key !== undefined) found.key = key;
  return found;
}

/** The newest valid edit: by the same sender and not redacted (client-server API, 11.36). */
export function latestEdit(room: Room, event: StoredEvent): StoredEvent | undefined {
  return room.events.findLast((other) => {
    const relation = relationOf(other);
    return (
      relation.type === "m.replace" &&
      relation.target === event.event_id &&
      other.sender === event.sender &&
      event.redactedBy === undefined
    );
  });
}

/** Whether a user may read the event: by the history visibility then and the membership then. */
export function mayRead(room: Room, event: StoredEvent, userId: string): boolean {
  const then = membership(room, userId, event.position);
  if (then === "join" || event.state_key === userId) return true;
  const visibility = stateContent(stateAt(room, event.position), "m.room.history_visibility")?.[
    "history_visibility"
  ];
  if (visibility === "world_readable") return true;
  if (visibility === "joined") return false;
  if (visibility === "invited" && then !== "invite") return false;
  // Shared: all that was said before one's last time in the room ended.
  return room.events.some(
    (later) =>
      later.position > event.position &&
      later.type === "m.room.member" &&
      later.state_key === userId &&
      later.content["membership"] === "join",
  );
}
