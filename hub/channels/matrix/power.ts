import { objectIn, type RoomEvent, textIn } from "./event.ts";

/** Power that a moderator has by default; less is never enough to move us to another room. */
const MODERATOR = 50;

/**
 * The room that a room was replaced by, if whoever said so may: a tombstone counts only from a
 * sender whose power is at least a moderator's and what the room asks for tombstones. A room can
 * be set up so that anybody may send one, and then anybody could lead us away. The SDK follows all.
 *
 * @param state the room's whole state
 * @returns undefined without a tombstone; else the successor, and whether it may be followed
 */
export function readTombstone(
  state: RoomEvent[],
): { replacement: string; sender: string; allowed: boolean } | undefined {
  const tombstone = stateEvent(state, "m.room.tombstone");
  const replacement = tombstone && textIn(tombstone.content, "replacement_room");
  if (tombstone === undefined || replacement === undefined) return undefined;
  const { sender } = tombstone;
  const allowed = powerOf(state, sender) >= Math.max(MODERATOR, powerForTombstone(state));
  return { replacement, sender, allowed };
}

function stateEvent(state: RoomEvent[], type: string): RoomEvent | undefined {
  return state.find((event) => event.type === type && event.state_key === "");
}

/**
 * A user's power (client-server API, "m.room.power_levels"). In rooms of version 12 the creators
 * stand above every number (MSC4289); without power levels the creator has 100.
 */
function powerOf(state: RoomEvent[], user: string): number {
  const create = stateEvent(state, "m.room.create");
  const more = create?.content["additional_creators"];
  const twelve = Number(create && textIn(create.content, "room_version")) >= 12;
  const isCreator = create?.sender === user;
  if (twelve && (isCreator || (Array.isArray(more) && more.includes(user)))) return Infinity;
  const levels = stateEvent(state, "m.room.power_levels")?.content;
  if (levels === undefined) return isCreator ? 100 : 0;
  return level(objectIn(levels, "users")[user]) ?? level(levels["users_default"]) ?? 0;
}

function powerForTombstone(state: RoomEvent[]): number {
  const levels = stateEvent(state, "m.room.power_levels")?.content ?? {};
  const own = level(objectIn(levels, "events")["m.room.tombstone"]);
  return own ?? level(levels["state_default"]) ?? 50;
}

/** Levels are integers; rooms before version 10 may have them as text. */
function level(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number.parseInt(value, 10) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
