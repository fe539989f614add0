import type { AddressInfo } from "node:net";
import { createUser, logIn, revoke } from "./account.ts";
import type { Account, Ground } from "./ground.ts";
import { createRoom, upgradeRoom } from "./create-room.ts";
import { redact, send, sendState } from "./event-routes.ts";
import { type ActiveFault, createFaults, type Fault, type FaultRule } from "./faults.ts";
import { expel, invite, join, leave } from "./membership.ts";
import { membership, needJoined, stateAt, stateContent } from "./room.ts";
import { createServer, type SeenRequest } from "./server.ts";
import { typingIn } from "./sync.ts";
import { type Shown, shownTimeline } from "./timeline.ts";
import type { Content, Room, StoredEvent, World } from "./world.ts";
import { advance, createWorld, userOf } from "./world.ts";

/**
 * An honest double of a homeserver: one process, one object a server, state in memory, the real
 * rules of the client-server API as far as a bot meets them (the conformance cases in
 * test/support/homeserver-cases.ts run on it and on a real Synapse). Everything a person could do
 * in a room can be done by a method here, at once and without HTTP.
 */
export interface Homeserver extends Ground {
  /** Another device of the account, with a token of its own. */
  newDevice(userId: string): Account;
  revoke(token: string): void;

  createRoom(by: string, wish?: Content): string;
  upgrade(roomId: string, by: string, version?: string): string;
  invite(roomId: string, by: string, userId: string, fields?: Content): void;
  join(roomId: string, userId: string): void;
  leave(roomId: string, userId: string): void;
  kick(roomId: string, by: string, userId: string, reason?: string): void;
  membership(roomId: string, userId: string): { membership: string; reason: string | undefined };

  /** A text message, or any content. Returns the event's id. */
  say(roomId: string, by: string, text: string | Content, options?: SayOptions): string;
  setState(roomId: string, by: string, type: string, content: Content, key?: string): string;
  state(roomId: string, type: string, key?: string): Content | undefined;
  redact(roomId: string, by: string, eventId: string, reason?: string): string;
  react(roomId: string, by: string, eventId: string, key: string): string;

  /** The room as a client shows it. */
  timeline(roomId: string): Shown[];
  /** All events as stored, for what a client does not show. */
  events(roomId: string): readonly StoredEvent[];
  /** Who is typing, and the event that each user has read. */
  presence(roomId: string): { typing: string[]; read: Record<string, string> };

  /** Makes matching requests go wrong from now on. */
  fault(rule: FaultRule, fault: Fault): ActiveFault;
  /** Lets clients get an event a second time, as federation can. */
  duplicate(roomId: string, eventId: string): void;
  /** Forgets which transactions were sent, as servers do after a time. */
  forgetTransactions(): void;
  /** From now on `/messages` heeds no `to`, as some servers do not. */
  ignoreEndOfHistory(): void;
  /** How far the server's clock is ahead, for what is sent from now on. */
  setClock(aheadMs: number): void;
  /** Requests answered so far. */
  requests: SeenRequest[];
  stop(): Promise<void>;
}

export interface SayOptions {
  type?: string;
  /** Milliseconds since the epoch, as a federated server may claim. */
  time?: number;
}

/** Starts a homeserver on a free port of this machine. */
export async function startHomeserver(
  options: { serverName?: string; port?: number } = {},
): Promise<Homeserver> {
  const world = createWorld(options.serverName ?? "double.test");
  const faults = createFaults();
  const requests: SeenRequest[] = [];
  const app = createServer(world, faults, requests);
  await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    serverName: world.serverName,
    requests,
    ...people(world),
    ...rooms(world),
    ...talk(world),
    fault: (rule, fault) => faults.add(rule, fault),
    forgetTransactions: () => {
      for (const device of world.tokens.values()) device.transactions.clear();
    },
    ignoreEndOfHistory: () => {
      world.ignoresEndOfHistory = true;
    },
    setClock: (aheadMs) => {
      world.clockSkew = aheadMs;
    },
    stop: () => app.close(),
  };
}

function people(world: World): Pick<Homeserver, "newUser" | "limit" | "newDevice" | "revoke"> {
  function account(userId: string): Account {
    const device = logIn(world, userId);
    const { password } = userOf(world, userId);
    return { userId, token: device.token, deviceId: device.id, password };
  }
  return {
    newUser: (name, password = "a password") =>
      Promise.resolve(account(createUser(world, name, password).id)),
    limit: ({ userId }, perSecond, burst) => {
      userOf(world, userId).bucket = { perSecond, burst, tokens: burst, at: Date.now() };
      return Promise.resolve();
    },
    newDevice: account,
    revoke: (token) => revoke(world, token),
  };
}

function rooms(
  world: World,
): Pick<
  Homeserver,
  "createRoom" | "upgrade" | "invite" | "join" | "leave" | "kick" | "membership"
> {
  return {
    createRoom: (by, wish = {}) => createRoom(world, by, wish).id,
    upgrade: (roomId, by, version = "12") =>
      upgradeRoom(world, needJoined(world, roomId, by), by, version).id,
    invite: (roomId, by, userId, fields) => invite(world, room(world, roomId), by, userId, fields),
    join: (roomId, userId) => join(world, room(world, roomId), userId),
    leave: (roomId, userId) => leave(world, room(world, roomId), userId),
    kick: (roomId, by, userId, reason) =>
      expel(world, room(world, roomId), by, userId, "kick", reason),
    membership: (roomId, userId) => {
      const content = stateContent(stateAt(room(world, roomId)), "m.room.member", userId);
      return {
        membership: membership(room(world, roomId), userId),
        reason: content?.["reason"] as string | undefined,
      };
    },
  };
}

function talk(
  world: World,
): Pick<
  Homeserver,
  | "say"
  | "setState"
  | "state"
  | "redact"
  | "react"
  | "timeline"
  | "events"
  | "presence"
  | "duplicate"
> {
  return {
    say: (roomId, by, text, options = {}) =>
      send(world, roomId, by, {
        type: options.type ?? "m.room.message",
        content: typeof text === "string" ? { msgtype: "m.text", body: text } : text,
        ...(options.time === undefined ? {} : { time: options.time }),
      }).event_id,
    setState: (roomId, by, type, content, key = "") =>
      sendState(world, roomId, by, type, key, content).event_id,
    state: (roomId, type, key) => stateContent(stateAt(room(world, roomId)), type, key),
    redact: (roomId, by, eventId, reason) => redact(world, roomId, by, eventId, reason).event_id,
    react: (roomId, by, eventId, key) => {
      const relation = { rel_type: "m.annotation", event_id: eventId, key };
      const event = { type: "m.reaction", content: { "m.relates_to": relation } };
      return send(world, roomId, by, event).event_id;
    },
    timeline: (roomId) => shownTimeline(room(world, roomId)),
    events: (roomId) => room(world, roomId).events,
    presence: (roomId) => {
      const found = room(world, roomId);
      const read = [...found.receipts].map(([userId, { eventId }]) => [userId, eventId] as const);
      return { typing: typingIn(found), read: Object.fromEntries(read) };
    },
    duplicate: (roomId, eventId) => {
      const { events } = room(world, roomId);
      const event = events.find((one) => one.event_id === eventId);
      if (event === undefined) throw new Error(`no event ${eventId}`);
      events.push({ ...event, position: advance(world) });
    },
  };
}

function room(world: World, roomId: string): Room {
  const found = world.rooms.get(roomId);
  if (found === undefined) throw new Error(`no room ${roomId}`);
  return found;
}
