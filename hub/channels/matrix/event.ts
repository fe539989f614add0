import { z } from "zod";

export type Content = Record<string, unknown>;

/** An event as the homeserver serves it, in a sync or from a room's past. */
export const RoomEvent = z.looseObject({
  type: z.string(),
  event_id: z.string(),
  sender: z.string(),
  origin_server_ts: z.number(),
  content: z.record(z.string(), z.unknown()),
  state_key: z.string().optional(),
  redacts: z.string().optional(),
  unsigned: z
    .looseObject({
      membership: z.string().optional(),
      prev_content: z.record(z.string(), z.unknown()).optional(),
      redacted_because: z.unknown().optional(),
    })
    .optional()
    .catch(undefined),
});
export type RoomEvent = z.output<typeof RoomEvent>;

const StrippedEvent = z.looseObject({
  type: z.string(),
  sender: z.string(),
  content: z.record(z.string(), z.unknown()),
  state_key: z.string(),
});
export type StrippedEvent = z.output<typeof StrippedEvent>;

const AccountData = z.looseObject({
  type: z.string(),
  content: z.record(z.string(), z.unknown()),
});
export type AccountData = z.output<typeof AccountData>;

const Events = z.looseObject({ events: z.array(z.unknown()).default([]) }).prefault({});

export const JoinedRoom = z.looseObject({
  timeline: z
    .looseObject({
      events: z.array(z.unknown()).default([]),
      limited: z.boolean().default(false),
      prev_batch: z.string().optional(),
    })
    .prefault({}),
  state: Events,
});
export type JoinedRoom = z.output<typeof JoinedRoom>;

/** The parts of a sync's answer that we heed (client-server API, "Syncing"). */
export const SyncAnswer = z.looseObject({
  next_batch: z.string(),
  account_data: Events,
  rooms: z
    .looseObject({
      join: z.record(z.string(), JoinedRoom).default({}),
      invite: z.record(z.string(), z.looseObject({ invite_state: Events })).default({}),
      leave: z.record(z.string(), z.unknown()).default({}),
    })
    .prefault({}),
});
export type SyncAnswer = z.output<typeof SyncAnswer>;

/** A page of a room's past. */
export const History = z.looseObject({
  chunk: z.array(z.unknown()).default([]),
  end: z.string().optional(),
});

/**
 * The events among what was served. What is malformed is left out: any user of any server can
 * send such things, and they must not stop the rest.
 */
export function readEvents(served: unknown[]): RoomEvent[] {
  return served.flatMap((one) => RoomEvent.safeParse(one).data ?? []);
}

export function readStripped(served: unknown[]): StrippedEvent[] {
  return served.flatMap((one) => StrippedEvent.safeParse(one).data ?? []);
}

export function readAccountData(served: unknown[]): AccountData[] {
  return served.flatMap((one) => AccountData.safeParse(one).data ?? []);
}

/** A nested object of a content, or an empty one. */
export function objectIn(content: Content, key: string): Content {
  const value = content[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Content)
    : {};
}

export function textIn(content: Content, key: string): string | undefined {
  const value = content[key];
  return typeof value === "string" ? value : undefined;
}
