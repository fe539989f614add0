import { randomBytes } from "node:crypto";

export type Content = Record<string, unknown>;

/** One event as the server keeps it; `position` orders everything that happens on the server. */
export interface StoredEvent {
  position: number;
  event_id: string;
  room_id: string;
  type: string;
  sender: string;
  origin_server_ts: number;
  content: Content;
  state_key?: string;
  redacts?: string;
  /** The device and transaction that sent it: echoed to that device only. */
  transaction?: { deviceKey: string; id: string };
  replaces?: StoredEvent;
  redactedBy?: StoredEvent;
}

export interface Room {
  id: string;
  version: string;
  events: StoredEvent[];
  /** Those of them that say who is in the room. */
  memberEvents: StoredEvent[];
  /** Per user: the last typing notice and read receipt, with the position they happened at. */
  typing: Map<string, number>;
  typingChanged: number;
  receipts: Map<string, { eventId: string; position: number; time: number }>;
}

export interface Device {
  id: string;
  userId: string;
  token: string;
  /** Answers by method and path: what the server remembers of transactions. */
  transactions: Map<string, unknown>;
}

export interface User {
  id: string;
  password: string;
  displayName: string | undefined;
  devices: Map<string, Device>;
  /** Account data by "TYPE" or "ROOM TYPE". */
  accountData: Map<string, { room?: string; type: string; content: Content; position: number }>;
  filters: Content[];
  /** Token bucket of messages; none: unlimited. */
  bucket?: { perSecond: number; burst: number; tokens: number; at: number };
}

/** Everything one homeserver knows. Kept in memory, one object per server. */
export interface World {
  serverName: string;
  /** Part of every token, so that a token of another server is refused. */
  salt: string;
  position: number;
  users: Map<string, User>;
  tokens: Map<string, Device>;
  rooms: Map<string, Room>;
  aliases: Map<string, string>;
  media: Map<string, { type: string; data: Buffer }>;
  /** Milliseconds that this server's clock is ahead. */
  clockSkew: number;
  ignoresEndOfHistory: boolean;
  /** Answers to syncs without a token, by request. */
  firstSyncs: Map<string, Content>;
  /** Called, and emptied, whenever something happened that a waiting sync may want. */
  waiting: Set<() => void>;
}

/** An error answer of the client-server API: status, errcode, text, and further fields. */
export class Refusal extends Error {
  readonly status: number;
  readonly errcode: string;
  readonly fields: Content;
  readonly headers: Record<string, string>;
  constructor(
    status: number,
    errcode: string,
    text: string,
    fields: Content = {},
    headers: Record<string, string> = {},
  ) {
    super(text);
    this.status = status;
    this.errcode = errcode;
    this.fields = fields;
    this.headers = headers;
  }
}

export function createWorld(serverName: string): World {
  return {
    serverName,
    salt: randomBytes(4).toString("hex"),
    position: 0,
    users: new Map(),
    tokens: new Map(),
    rooms: new Map(),
    aliases: new Map(),
    media: new Map(),
    firstSyncs: new Map(),
    clockSkew: 0,
    ignoresEndOfHistory: false,
    waiting: new Set(),
  };
}

/** Milliseconds since the epoch on the server's clock. */
export function now(world: World): number {
  return Date.now() + world.clockSkew;
}

/** Takes the next position and wakes the syncs that wait. */
export function advance(world: World): number {
  world.position += 1;
  wake(world);
  return world.position;
}

export function wake(world: World): void {
  const waiting = [...world.waiting];
  world.waiting.clear();
  for (const resume of waiting) setImmediate(resume);
}

export function identifier(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

/** `s12_salt`: everything up to position 12 was seen. */
export function streamToken(world: World, position: number): string {
  return `s${position}_${world.salt}`;
}

/** @throws Refusal when the token is not one of this server's, as Synapse answers */
export function readToken(world: World, token: string, name?: string): number {
  const match = /^[st](\d+)_(\w+)$/.exec(token);
  if (match === null || match[2] !== world.salt) {
    const text = name === undefined ? "Invalid stream token" : `'${name}' parameter is invalid`;
    throw new Refusal(400, "M_UNKNOWN", text);
  }
  return Number(match[1]);
}

/** @throws Refusal 404 when there is no such user */
export function userOf(world: World, userId: string): User {
  const user = world.users.get(userId);
  if (user === undefined) throw new Refusal(404, "M_NOT_FOUND", `User ${userId} not found`);
  return user;
}
