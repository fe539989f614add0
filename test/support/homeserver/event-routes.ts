import type { FastifyInstance, FastifyRequest } from "fastify";
import { parameter } from "./account-routes.ts";
import { takeToken } from "./account.ts";
import { clientEvent, deviceKey, relationOf } from "./client-event.ts";
import { asString, record } from "./content.ts";
import { findEvent, messages, needReader, relations } from "./history.ts";
import {
  append,
  membersOf,
  needJoined,
  needPower,
  powerFor,
  powerOf,
  stateAt,
  stateKey,
} from "./room.ts";
import type { Authenticated } from "./server.ts";
import type { Content, Device, Room, World } from "./world.ts";
import { Refusal } from "./world.ts";

const ROOM = "/_matrix/client/v3/rooms/:room";

/** Sending, redacting, state, and looking back. */
export function eventRoutes(
  app: FastifyInstance,
  world: World,
  authenticated: Authenticated,
): void {
  app.put(`${ROOM}/send/:type/:txn`, (request) =>
    once(authenticated(request), request, (device) => {
      const content = record(request.body);
      const type = parameter(request, "type");
      const transaction = { deviceKey: deviceKey(device), id: parameter(request, "txn") };
      return send(world, parameter(request, "room"), device.userId, { type, content, transaction });
    }),
  );
  app.put(`${ROOM}/redact/:event/:txn`, (request) =>
    once(authenticated(request), request, (device) => {
      const transaction = { deviceKey: deviceKey(device), id: parameter(request, "txn") };
      const reason = asString(record(request.body)["reason"]);
      const target = parameter(request, "event");
      return redact(world, parameter(request, "room"), device.userId, target, reason, transaction);
    }),
  );
  stateRoutes(app, world, authenticated);
  lookBackRoutes(app, world, authenticated);
}

function stateRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.get(`${ROOM}/state`, (request) => {
    const device = authenticated(request);
    const room = needReader(world, parameter(request, "room"), device.userId);
    return [...stateAt(room).values()].map((event) => clientEvent(world, room, event, device));
  });
  for (const path of [`${ROOM}/state/:type`, `${ROOM}/state/:type/:key`]) {
    app.get(path, (request) => {
      const device = authenticated(request);
      const room = needReader(world, parameter(request, "room"), device.userId);
      const key = stateKey(parameter(request, "type"), parameter(request, "key"));
      const event = stateAt(room).get(key);
      if (event === undefined) throw new Refusal(404, "M_NOT_FOUND", "Event not found.");
      return event.content;
    });
    app.put(path, (request) => {
      const { userId } = authenticated(request);
      const roomId = parameter(request, "room");
      const [type, key] = [parameter(request, "type"), parameter(request, "key")];
      return sendState(world, roomId, userId, type, key, record(request.body));
    });
  }
}

function lookBackRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.get(`${ROOM}/event/:event`, (request) => {
    const device = authenticated(request);
    const room = needReader(world, parameter(request, "room"), device.userId);
    return clientEvent(world, room, findEvent(room, parameter(request, "event"), device), device);
  });
  app.get(`${ROOM}/messages`, (request) => {
    const device = authenticated(request);
    const room = needReader(world, parameter(request, "room"), device.userId);
    return messages(world, room, device, request.query as Record<string, string>);
  });
  app.get(`${ROOM}/members`, (request) => {
    const device = authenticated(request);
    const room = needReader(world, parameter(request, "room"), device.userId);
    const { membership: wanted } = request.query as { membership?: string };
    const all = wanted === undefined ? ["join", "invite", "leave", "ban"] : [wanted];
    const events = all.flatMap((one) => membersOf(room, one));
    return { chunk: events.map((event) => clientEvent(world, room, event, device)) };
  });
  const related = "/_matrix/client/v1/rooms/:room/relations/:event";
  for (const path of [related, `${related}/:relation`, `${related}/:relation/:type`]) {
    app.get(path, (request) => {
      const device = authenticated(request);
      const room = needReader(world, parameter(request, "room"), device.userId);
      const { event, relation, type } = request.params as Record<string, string>;
      return relations(world, room, device, { eventId: event ?? "", relation, type });
    });
  }
}

/**
 * Gives a repeated request of the same device its first answer again (client-server API,
 * "Transaction identifiers"). Refused requests are not remembered.
 */
function once(
  device: Device,
  request: FastifyRequest,
  work: (device: Device) => { event_id: string },
): { event_id: string } {
  const key = `${request.method} ${(request.raw.url ?? "").split("?")[0]}`;
  const known = device.transactions.get(key);
  if (known !== undefined) return known as { event_id: string };
  const answer = work(device);
  device.transactions.set(key, answer);
  return answer;
}

/** Sends a message event as a user who may. @throws Refusal 400, 403, 413, 429 */
export function send(
  world: World,
  roomId: string,
  userId: string,
  event: {
    type: string;
    content: Content;
    transaction?: { deviceKey: string; id: string };
    time?: number;
  },
): { event_id: string } {
  const room = needJoined(world, roomId, userId);
  takeToken(world, userId);
  needPower(room, userId, { type: event.type, state: false });
  refuseSecondAnnotation(room, userId, event.content);
  return { event_id: append(world, room, { ...event, sender: userId }).event_id };
}

function refuseSecondAnnotation(room: Room, userId: string, content: Content): void {
  const wanted = record(content["m.relates_to"]);
  if (wanted["rel_type"] !== "m.annotation") return;
  const same = room.events.some((event) => {
    const relation = relationOf(event);
    return (
      event.sender === userId &&
      relation.type === "m.annotation" &&
      relation.target === wanted["event_id"] &&
      relation.key === wanted["key"]
    );
  });
  if (same) throw new Refusal(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction twice");
}

/** Sets state as a user who may. @throws Refusal 403 */
export function sendState(
  world: World,
  roomId: string,
  userId: string,
  type: string,
  key: string,
  content: Content,
): { event_id: string } {
  const room = needJoined(world, roomId, userId);
  needPower(room, userId, { type, state: true });
  if (key.startsWith("@") && key !== userId) {
    throw new Refusal(403, "M_FORBIDDEN", "You are not allowed to set others state");
  }
  return {
    event_id: append(world, room, { type, sender: userId, stateKey: key, content }).event_id,
  };
}

/** Redacts one's own event, or with the power anybody's. @throws Refusal 403, 404 */
export function redact(
  world: World,
  roomId: string,
  userId: string,
  target: string,
  reason?: string,
  transaction?: { deviceKey: string; id: string },
): { event_id: string } {
  const room = needJoined(world, roomId, userId);
  const event = room.events.find((one) => one.event_id === target);
  if (event === undefined) throw new Refusal(404, "M_NOT_FOUND", "Event not found.");
  if (event.sender !== userId && powerOf(room, userId) < powerFor(room, "redact")) {
    throw new Refusal(403, "M_FORBIDDEN", "You don't have permission to redact events");
  }
  const because = append(world, room, {
    type: "m.room.redaction",
    sender: userId,
    content: { ...(reason === undefined ? {} : { reason }), redacts: target },
    redacts: target,
    ...(transaction === undefined ? {} : { transaction }),
  });
  event.redactedBy = because;
  return { event_id: because.event_id };
}
