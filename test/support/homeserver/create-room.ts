import { asString, record, strings } from "./content.ts";
import { invite, setMember } from "./membership.ts";
import { append, isTwelve, membersOf, needPower, stateAt, stateContent } from "./room.ts";
import type { Content, Room, World } from "./world.ts";
import { identifier, Refusal, userOf } from "./world.ts";

/** Versions this server makes rooms of; 12 is the default, as in Synapse 1.163. */
export const ROOM_VERSIONS = ["10", "11", "12"];

/** Makes a room as `POST /createRoom` asks, with the events that Synapse makes, in its order. */
export function createRoom(world: World, creator: string, wish: Content = {}): Room {
  const room = emptyRoom(world, creator, wish);
  const preset =
    asString(wish["preset"]) ?? (wish["visibility"] === "public" ? "public_chat" : "private_chat");
  const alias = asString(wish["room_alias_name"]);
  const put = (type: string, content: Content, key = ""): void => {
    append(world, room, { type, sender: creator, stateKey: key, content });
  };
  setMember(world, room, creator, creator, { membership: "join" });
  put("m.room.power_levels", powerLevels(room, creator, wish));
  if (alias !== undefined) {
    const full = `#${alias}:${world.serverName}`;
    if (world.aliases.has(full))
      throw new Refusal(400, "M_ROOM_IN_USE", "Room alias already taken");
    world.aliases.set(full, room.id);
    put("m.room.canonical_alias", { alias: full });
  }
  put("m.room.join_rules", { join_rule: preset === "public_chat" ? "public" : "invite" });
  put("m.room.history_visibility", { history_visibility: "shared" });
  put("m.room.guest_access", {
    guest_access: preset === "public_chat" ? "forbidden" : "can_join",
  });
  const initial = Array.isArray(wish["initial_state"]) ? wish["initial_state"] : [];
  for (const event of initial as Content[]) {
    put(
      asString(event["type"]) ?? "",
      record(event["content"]),
      asString(event["state_key"]) ?? "",
    );
  }
  if (asString(wish["name"]) !== undefined) put("m.room.name", { name: wish["name"] });
  if (asString(wish["topic"]) !== undefined) put("m.room.topic", { topic: wish["topic"] });
  const direct = wish["is_direct"] === true ? { is_direct: true } : {};
  for (const userId of strings(wish["invite"]) ?? []) invite(world, room, creator, userId, direct);
  return room;
}

function emptyRoom(world: World, creator: string, wish: Content): Room {
  userOf(world, creator);
  const version = asString(wish["room_version"]) ?? "12";
  if (!ROOM_VERSIONS.includes(version)) {
    throw new Refusal(400, "M_UNSUPPORTED_ROOM_VERSION", "Your homeserver does not support this");
  }
  const hash = identifier();
  const room: Room = {
    // From version 12 on the room's id is the hash of its create event (MSC4291).
    id: version === "12" ? `!${hash}` : `!${identifier(14)}:${world.serverName}`,
    version,
    events: [],
    memberEvents: [],
    typing: new Map(),
    typingChanged: 0,
    receipts: new Map(),
  };
  world.rooms.set(room.id, room);
  append(world, room, {
    type: "m.room.create",
    sender: creator,
    stateKey: "",
    eventId: `$${hash}`,
    content: {
      ...record(wish["creation_content"]),
      room_version: version,
      ...(version === "10" ? { creator } : {}),
    },
  });
  return room;
}

function powerLevels(room: Room, creator: string, wish: Content): Content {
  return {
    ban: 50,
    events: {
      "m.room.avatar": 50,
      "m.room.canonical_alias": 50,
      "m.room.encryption": 100,
      "m.room.history_visibility": 100,
      "m.room.name": 50,
      "m.room.power_levels": 100,
      "m.room.server_acl": 100,
      "m.room.tombstone": isTwelve(room) ? 150 : 100,
    },
    events_default: 0,
    historical: 100,
    invite: wish["preset"] === "public_chat" ? 50 : 0,
    kick: 50,
    redact: 50,
    state_default: 50,
    users: isTwelve(room) ? {} : { [creator]: 100 },
    users_default: 0,
    ...record(wish["power_level_content_override"]),
  };
}

/**
 * `POST /rooms/{id}/upgrade`: a new room that names its predecessor, a tombstone in the old one,
 * and the old one closed to talk. Aliases move along; members have to follow by themselves.
 */
export function upgradeRoom(world: World, old: Room, by: string, version: string): Room {
  needPower(old, by, { type: "m.room.tombstone", state: true });
  const state = stateAt(old);
  const fresh = createRoom(world, by, {
    room_version: version,
    preset:
      stateContent(state, "m.room.join_rules")?.["join_rule"] === "public"
        ? "public_chat"
        : "private_chat",
    creation_content: { predecessor: { room_id: old.id } },
    name: stateContent(state, "m.room.name")?.["name"],
  });
  const put = (type: string, content: Content): void => {
    append(world, old, { type, sender: by, stateKey: "", content });
  };
  put("m.room.tombstone", {
    body: "This room has been replaced",
    replacement_room: fresh.id,
  });
  for (const [alias, roomId] of world.aliases) {
    if (roomId === old.id) world.aliases.set(alias, fresh.id);
  }
  const levels = stateContent(state, "m.room.power_levels") ?? {};
  put("m.room.power_levels", { ...levels, events_default: 50, invite: 50 });
  return fresh;
}

/** Members' ids, for tests. */
export function memberIds(room: Room): string[] {
  return membersOf(room).map((event) => event.state_key ?? "");
}
