import { asString } from "./content.ts";
import type { Content, Room, StoredEvent, World } from "./world.ts";
import {
  append,
  membership,
  needJoined,
  needPower,
  powerOf,
  stateAt,
  stateContent,
} from "./room.ts";
import { Refusal } from "./world.ts";

/** Joins a user by the room's join rule. @throws Refusal 403, 404 */
export function join(world: World, room: Room, userId: string): void {
  const before = membership(room, userId);
  if (before === "join") return;
  if (before === "ban") throw new Refusal(403, "M_FORBIDDEN", "You are banned from this room");
  if (before !== "invite" && !mayJoinUninvited(world, room, userId)) {
    throw new Refusal(403, "M_FORBIDDEN", "You are not invited to this room.");
  }
  setMember(world, room, userId, userId, { membership: "join" });
}

/** Public rooms, and restricted ones for members of an allowed room (MSC3083). */
function mayJoinUninvited(world: World, room: Room, userId: string): boolean {
  const rules = stateContent(stateAt(room), "m.room.join_rules") ?? {};
  if (rules["join_rule"] === "public") return true;
  if (rules["join_rule"] !== "restricted") return false;
  const allow = Array.isArray(rules["allow"]) ? (rules["allow"] as Content[]) : [];
  return allow.some((condition) => {
    const other = world.rooms.get(asString(condition["room_id"]) ?? "");
    return other !== undefined && membership(other, userId) === "join";
  });
}

/** @throws Refusal 403 */
export function invite(
  world: World,
  room: Room,
  by: string,
  userId: string,
  fields: Content = {},
): void {
  needJoined(world, room.id, by);
  needPower(room, by, "invite");
  const before = membership(room, userId);
  if (before === "join") throw new Refusal(403, "M_FORBIDDEN", `${userId} is already in the room.`);
  if (before === "ban") throw new Refusal(403, "M_FORBIDDEN", `${userId} is banned from the room`);
  setMember(world, room, by, userId, { ...fields, membership: "invite" });
}

/** Leaves, or refuses an invitation. @throws Refusal 403 */
export function leave(world: World, room: Room, userId: string, reason?: string): void {
  const before = membership(room, userId);
  if (before !== "join" && before !== "invite") {
    throw new Refusal(403, "M_FORBIDDEN", `User ${userId} not in room ${room.id}`);
  }
  setMember(world, room, userId, userId, { membership: "leave" }, reason);
}

/** Kicks or bans. @throws Refusal 403 */
export function expel(
  world: World,
  room: Room,
  by: string,
  userId: string,
  how: "kick" | "ban" | "unban",
  reason?: string,
): void {
  needJoined(world, room.id, by);
  needPower(room, by, how === "unban" ? "ban" : how);
  if (powerOf(room, userId) >= powerOf(room, by)) {
    throw new Refusal(403, "M_FORBIDDEN", `You cannot ${how} user ${userId}.`);
  }
  const next = how === "ban" ? "ban" : "leave";
  setMember(world, room, by, userId, { membership: next }, reason);
}

export function setMember(
  world: World,
  room: Room,
  by: string,
  userId: string,
  content: Content,
  reason?: string,
): StoredEvent {
  const name = world.users.get(userId)?.displayName;
  const named = content["membership"] === "join" || content["membership"] === "invite";
  return append(world, room, {
    type: "m.room.member",
    sender: by,
    stateKey: userId,
    content: {
      ...(named && name !== undefined ? { displayname: name } : {}),
      ...content,
      ...(reason === undefined ? {} : { reason }),
    },
  });
}
