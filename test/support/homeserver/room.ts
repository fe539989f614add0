import { asString, record } from "./content.ts";
import type { Content, Room, StoredEvent, World } from "./world.ts";
import { advance, identifier, now, Refusal } from "./world.ts";

export type State = Map<string, StoredEvent>;

export function stateKey(type: string, key: string): string {
  return `${type}\0${key}`;
}

/** The room's state after everything up to and including the position. */
export function stateAt(room: Room, position = Infinity): State {
  const state: State = new Map();
  for (const event of room.events) {
    if (event.position > position) break;
    if (event.state_key !== undefined) state.set(stateKey(event.type, event.state_key), event);
  }
  return state;
}

export function stateContent(state: State, type: string, key = ""): Content | undefined {
  return state.get(stateKey(type, key))?.content;
}

/** `join`, `invite`, `leave`, `ban`; someone who never was there has left. */
export function membership(room: Room, userId: string, position = Infinity): string {
  const event = room.memberEvents.findLast(
    (one) => one.position <= position && one.state_key === userId,
  );
  return asString(event?.content["membership"]) ?? "leave";
}

export function membersOf(room: Room, wanted = "join"): StoredEvent[] {
  return [...stateAt(room).values()].filter(
    (event) => event.type === "m.room.member" && event.content["membership"] === wanted,
  );
}

/** Power of a user. Creators of a version 12 room stand above every number (MSC4289). */
export function powerOf(room: Room, userId: string): number {
  const state = stateAt(room);
  const create = state.get(stateKey("m.room.create", ""));
  const more = create?.content["additional_creators"];
  const creator =
    create?.sender === userId || (Array.isArray(more) && more.includes(userId) && isTwelve(room));
  if (creator && isTwelve(room)) return Infinity;
  const levels = stateContent(state, "m.room.power_levels");
  if (levels === undefined) return creator ? 100 : 0;
  return number(record(levels["users"])[userId], number(levels["users_default"], 0));
}

export function isTwelve(room: Room): boolean {
  return Number(room.version) >= 12;
}

/** The power needed to send an event, or for one of `invite`, `kick`, `ban`, `redact`. */
export function powerFor(room: Room, what: { type: string; state: boolean } | string): number {
  const levels = stateContent(stateAt(room), "m.room.power_levels") ?? {};
  if (typeof what === "string") return number(levels[what], what === "invite" ? 0 : 50);
  const fallback = what.state
    ? number(levels["state_default"], 50)
    : number(levels["events_default"], 0);
  return number(record(levels["events"])[what.type], fallback);
}

/** @throws Refusal 403 unless the user has the power, worded as Synapse words it */
export function needPower(
  room: Room,
  userId: string,
  what: { type: string; state: boolean } | string,
): void {
  const has = powerOf(room, userId);
  const needs = powerFor(room, what);
  if (has >= needs) return;
  throw new Refusal(
    403,
    "M_FORBIDDEN",
    typeof what === "string"
      ? `You don't have permission to ${what}`
      : `You don't have permission to post that to the room. user_level (${has}) < send_level (${needs})`,
  );
}

/** @throws Refusal 403 unless the user is joined; an unknown room looks just the same */
export function needJoined(world: World, roomId: string, userId: string): Room {
  const room = world.rooms.get(roomId);
  if (room === undefined || membership(room, userId) !== "join") {
    throw new Refusal(403, "M_FORBIDDEN", `User ${userId} not in room ${roomId}`);
  }
  return room;
}

export interface NewEvent {
  type: string;
  sender: string;
  content: Content;
  stateKey?: string;
  redacts?: string;
  transaction?: { deviceKey: string; id: string };
  /** Milliseconds since the epoch; a federated event may bring any time. */
  time?: number;
  eventId?: string;
}

/**
 * Adds an event, without asking whether its sender may.
 *
 * @throws Refusal 413 above 65,536 bytes of the whole event (client-server API, "Size limits")
 */
export function append(world: World, room: Room, event: NewEvent): StoredEvent {
  const stored: StoredEvent = {
    position: world.position + 1,
    event_id: event.eventId ?? `$${identifier()}`,
    room_id: room.id,
    type: event.type,
    sender: event.sender,
    origin_server_ts: event.time ?? now(world),
    content: event.content,
  };
  if (event.stateKey !== undefined) {
    stored.state_key = event.stateKey;
    const before = stateAt(room).get(stateKey(event.type, event.stateKey));
    if (before !== undefined) stored.replaces = before;
  }
  if (event.redacts !== undefined) stored.redacts = event.redacts;
  if (event.transaction !== undefined) stored.transaction = event.transaction;
  if (encodedSize(stored) > 65_536) throw new Refusal(413, "M_TOO_LARGE", "event too large");
  room.events.push(stored);
  if (stored.type === "m.room.member") room.memberEvents.push(stored);
  advance(world);
  return stored;
}

/** Bytes of the event with what a server adds: hashes, signature, references. */
function encodedSize(event: StoredEvent): number {
  const { position: _, transaction: __, replaces: ___, redactedBy: ____, ...wire } = event;
  const added = {
    auth_events: [identifier(), identifier(), identifier()],
    prev_events: [identifier()],
    depth: event.position,
    hashes: { sha256: identifier() },
    signatures: { "homeserver.test": { "ed25519:a_AAAA": identifier(64) } },
  };
  return Buffer.byteLength(JSON.stringify({ ...wire, ...added }));
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
