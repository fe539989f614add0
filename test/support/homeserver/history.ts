import { clientEvent, mayRead, relationOf } from "./client-event.ts";
import { eventFilter, passes, readFilter } from "./filter.ts";
import { membership } from "./room.ts";
import type { Content, Device, Room, StoredEvent, World } from "./world.ts";
import { readToken, Refusal, userOf } from "./world.ts";

type Query = Record<string, string | undefined>;

/** `GET /rooms/{id}/messages`. A token stands between two events; `from` and `to` are such. */
export function messages(world: World, room: Room, device: Device, query: Query): Content {
  const backwards = query["dir"] !== "f";
  const from =
    query["from"] === undefined
      ? backwards
        ? world.position
        : 0
      : readToken(world, query["from"], "from");
  const to =
    query["to"] === undefined || world.ignoresEndOfHistory
      ? undefined
      : readToken(world, query["to"], "to");
  const filter = eventFilter(readFilter(userOf(world, device.userId), query["filter"]));
  const limit = Math.min(1000, Number(query["limit"] ?? "10"));
  const inside = room.events.filter((event) =>
    backwards
      ? event.position <= from && event.position > (to ?? 0)
      : event.position > from && event.position <= (to ?? Infinity),
  );
  if (backwards) inside.reverse();
  const page = inside.slice(0, limit);
  const last = page.at(-1);
  const chunk = page.filter(
    (event) => mayRead(room, event, device.userId) && passes(filter, event),
  );
  const end = last === undefined ? undefined : backwards ? last.position - 1 : last.position;
  return {
    chunk: chunk.map((event) => clientEvent(world, room, event, device)),
    start: `t${from}_${world.salt}`,
    ...(end === undefined || inside.length <= limit ? {} : { end: `t${end}_${world.salt}` }),
  };
}

/** @throws Refusal 404, also for what the reader may not see */
export function findEvent(room: Room, eventId: string, device: Device): StoredEvent {
  const event = room.events.find((one) => one.event_id === eventId);
  if (event === undefined || !mayRead(room, event, device.userId)) {
    throw new Refusal(404, "M_NOT_FOUND", "Event not found.");
  }
  return event;
}

/** `GET v1/rooms/{id}/relations/{event}[/{relation}[/{type}]]`, newest first. */
export function relations(
  world: World,
  room: Room,
  device: Device,
  of: { eventId: string; relation?: string | undefined; type?: string | undefined },
): Content {
  const found = room.events.filter((event) => {
    const relation = relationOf(event);
    return (
      relation.target === of.eventId &&
      (of.relation === undefined || relation.type === of.relation) &&
      (of.type === undefined || event.type === of.type) &&
      mayRead(room, event, device.userId)
    );
  });
  return {
    chunk: found.reverse().map((event) => clientEvent(world, room, event, device)),
  };
}

/** Whether a user may look into the room at all: someone who was there may read up to the end. */
export function needReader(world: World, roomId: string, userId: string): Room {
  const room = world.rooms.get(roomId);
  const was = room?.events.some(
    (event) => event.state_key === userId && event.content["membership"] === "join",
  );
  if (room === undefined || (membership(room, userId) !== "join" && was !== true)) {
    throw new Refusal(
      403,
      "M_FORBIDDEN",
      `User ${userId} not in room ${roomId}, and room previews are disabled`,
    );
  }
  return room;
}
