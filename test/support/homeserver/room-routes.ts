import type { FastifyInstance, FastifyRequest } from "fastify";
import { parameter } from "./account-routes.ts";
import { asString, record } from "./content.ts";
import { createRoom, upgradeRoom } from "./create-room.ts";
import { expel, invite, join, leave } from "./membership.ts";
import { membersOf, membership, needJoined } from "./room.ts";
import type { Authenticated } from "./server.ts";
import type { Room, World } from "./world.ts";
import { advance, now, Refusal } from "./world.ts";

const ROOM = "/_matrix/client/v3/rooms/:room";

/** Making, joining and leaving rooms, their members, aliases, and who types or has read. */
export function roomRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.post("/_matrix/client/v3/createRoom", (request) => {
    const room = createRoom(world, authenticated(request).userId, record(request.body));
    return { room_id: room.id };
  });
  app.post(`${ROOM}/upgrade`, (request) => {
    const { userId } = authenticated(request);
    const old = needJoined(world, parameter(request, "room"), userId);
    const version = asString(record(request.body)["new_version"]) ?? "12";
    return { replacement_room: upgradeRoom(world, old, userId, version).id };
  });
  app.post("/_matrix/client/v3/join/:room", (request) => {
    const { userId } = authenticated(request);
    const room = roomByName(world, parameter(request, "room"));
    join(world, room, userId);
    return { room_id: room.id };
  });
  app.get("/_matrix/client/v3/joined_rooms", (request) => {
    const { userId } = authenticated(request);
    const rooms = [...world.rooms.values()].filter((room) => membership(room, userId) === "join");
    return { joined_rooms: rooms.map((room) => room.id) };
  });
  app.get("/_matrix/client/v3/directory/room/:room", (request) => {
    const room = roomByName(world, parameter(request, "room"));
    return { room_id: room.id, servers: [world.serverName] };
  });
  membershipRoutes(app, world, authenticated);
  presenceRoutes(app, world, authenticated);
}

function membershipRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.post(`${ROOM}/join`, (request) => {
    const room = roomByName(world, parameter(request, "room"));
    join(world, room, authenticated(request).userId);
    return { room_id: room.id };
  });
  app.post(`${ROOM}/leave`, (request) => {
    const { room, userId, reason } = who(world, authenticated, request);
    leave(world, room, userId, reason);
    return {};
  });
  app.post(`${ROOM}/forget`, (request) => {
    const { room, userId } = who(world, authenticated, request);
    if (membership(room, userId) === "join") {
      throw new Refusal(400, "M_UNKNOWN", `User ${userId} in room ${room.id}`);
    }
    return {};
  });
  app.post(`${ROOM}/invite`, (request) => {
    const { room, userId, other } = who(world, authenticated, request);
    invite(world, room, userId, other);
    return {};
  });
  for (const how of ["kick", "ban", "unban"] as const) {
    app.post(`${ROOM}/${how}`, (request) => {
      const { room, userId, other, reason } = who(world, authenticated, request);
      expel(world, room, userId, other, how, reason);
      return {};
    });
  }
  app.get(`${ROOM}/joined_members`, (request) => {
    const { userId } = authenticated(request);
    const room = needJoined(world, parameter(request, "room"), userId);
    return {
      joined: Object.fromEntries(
        membersOf(room).map((event) => [
          event.state_key ?? "",
          { display_name: event.content["displayname"] ?? null, avatar_url: null },
        ]),
      ),
    };
  });
}

function presenceRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.put(`${ROOM}/typing/:user`, (request) => {
    const { userId } = authenticated(request);
    const room = needJoined(world, parameter(request, "room"), userId);
    const body = record(request.body);
    const ms = typeof body["timeout"] === "number" ? body["timeout"] : 30_000;
    if (body["typing"] === true) room.typing.set(userId, Date.now() + ms);
    else room.typing.delete(userId);
    room.typingChanged = advance(world);
    return {};
  });
  app.post(`${ROOM}/receipt/:type/:event`, (request) => {
    const { userId } = authenticated(request);
    const room = needJoined(world, parameter(request, "room"), userId);
    setReceipt(world, room, userId, parameter(request, "event"));
    return {};
  });
  app.post(`${ROOM}/read_markers`, (request) => {
    const { userId } = authenticated(request);
    const room = needJoined(world, parameter(request, "room"), userId);
    const read = asString(record(request.body)["m.read"]);
    if (read !== undefined) setReceipt(world, room, userId, read);
    return {};
  });
}

function setReceipt(world: World, room: Room, userId: string, eventId: string): void {
  room.receipts.set(userId, { eventId, time: now(world), position: advance(world) });
}

function who(
  world: World,
  authenticated: Authenticated,
  request: FastifyRequest,
): { room: Room; userId: string; other: string; reason: string | undefined } {
  const { userId } = authenticated(request);
  const body = record(request.body);
  const other = asString(body["user_id"]) ?? "";
  return {
    userId,
    other,
    room: roomByName(world, parameter(request, "room")),
    reason: asString(body["reason"]),
  };
}

/** A room by id or alias. @throws Refusal 404, as Synapse does for rooms it does not know */
export function roomByName(world: World, name: string): Room {
  if (name.startsWith("#")) {
    const room = world.rooms.get(world.aliases.get(name) ?? "");
    if (room !== undefined) return room;
    throw new Refusal(404, "M_NOT_FOUND", `Room alias ${name} not found`);
  }
  const room = world.rooms.get(name);
  if (room !== undefined) return room;
  const text = "Can't join remote room because no servers that are in the room have been provided.";
  throw new Refusal(404, "M_UNKNOWN", text);
}
