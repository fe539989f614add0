import { readGap } from "./backfill.ts";
import type { Chore } from "./chores.ts";
import type { HomeserverClient } from "./client.ts";
import type { MatrixHandlers, SkippedMessages } from "./contract.ts";
import type { EncryptionGuard } from "./encryption.ts";
import {
  type AccountData,
  type Content,
  type JoinedRoom,
  readAccountData,
  readEvents,
  type RoomEvent,
  type SyncAnswer,
} from "./event.ts";
import { classifyFailure } from "./homeserver-error.ts";
import { readMessage, readReaction, readRedaction, redactedId } from "./incoming.ts";
import { readInvitation } from "./invitation.ts";
import type { Members } from "./members.ts";
import type { Recent } from "./recent.ts";
import type { SessionStorage } from "./storage.ts";

const HEARD = [
  "m.room.message",
  "m.room.encrypted",
  "m.room.redaction",
  "m.reaction",
  "m.room.member",
  "m.room.encryption",
  "m.room.tombstone",
];
const HISTORY_FILTER: Content = { types: HEARD };

/**
 * What of a room is asked for. Given with each request, never stored at the homeserver: the SDK
 * begins anew, with all old messages, whenever a stored filter changes.
 */
export const SYNC_FILTER: Content = {
  presence: { not_types: ["*"] },
  account_data: { types: ["m.direct"] },
  room: {
    account_data: { not_types: ["*"] },
    ephemeral: { not_types: ["*"] },
    state: { types: ["m.room.encryption", "m.room.tombstone"] },
    timeline: { limit: 50, types: HEARD },
  },
};

export interface BatchContext {
  self: string;
  client: HomeserverClient;
  storage: SessionStorage;
  encryption: EncryptionGuard;
  members: Members;
  handlers: MatrixHandlers;
  recent: Recent;
  addChores(chores: Chore[]): Promise<void>;
}

/** Does all that one answer of a sync asks for; it is durable when this resolves. */
export async function handleBatch(
  context: BatchContext,
  answer: SyncAnswer,
  since: string | undefined,
): Promise<void> {
  await rememberDirectChats(context, readAccountData(answer.account_data.events));
  const chores: Chore[] = [];
  for (const [room, { invite_state: state }] of Object.entries(answer.rooms.invite)) {
    const invitation = readInvitation(room, state.events, context.self);
    if (invitation !== undefined) chores.push(invitation);
  }
  for (const [room, joined] of Object.entries(answer.rooms.join)) {
    const state = readEvents(joined.state.events);
    const timeline = readEvents(joined.timeline.events);
    if ([...state, ...timeline].some(isTombstone)) chores.push({ kind: "replacement", room });
    await handleRoom(context, room, { state, timeline, block: joined.timeline }, since);
  }
  await context.addChores(chores);
}

interface ServedRoom {
  state: RoomEvent[];
  timeline: RoomEvent[];
  block: JoinedRoom["timeline"];
}

async function handleRoom(
  context: BatchContext,
  room: string,
  served: ServedRoom,
  since: string | undefined,
): Promise<void> {
  const { events, skipped } = await newEvents(context, room, served, since);
  for (const event of [...served.state, ...served.timeline, ...events]) {
    if (event.type === "m.room.encryption" || event.type === "m.room.encrypted") {
      await context.encryption.note(room);
    }
  }
  if (isInterrupted(context, served, since)) context.members.forget(room);
  for (const one of skipped) await context.handlers.onSkipped?.(one);
  const takenBack = new Set(
    events.filter((event) => event.type === "m.room.redaction").map(redactedId),
  );
  const isDirect = (await context.storage.get(`direct ${room}`)) !== undefined;
  for (const [index, event] of events.entries()) {
    if (context.recent.has(event.event_id)) continue;
    context.members.note(room, event);
    // Taken back before we came to it: as if never said.
    if (!takenBack.has(event.event_id)) {
      await handOn(context, room, { event, later: events.slice(index + 1), isDirect });
    }
    context.recent.add(event.event_id);
  }
  const last = served.timeline.at(-1);
  if (last !== undefined) await context.storage.set(seenKey(room), last.event_id);
}

/** Whether the events of a room do not follow those that we saw of it before. */
function isInterrupted(
  { self }: BatchContext,
  { timeline, block }: ServedRoom,
  since: string | undefined,
): boolean {
  return since === undefined || block.limited || timeline.some((event) => isJoining(event, self));
}

interface Said {
  event: RoomEvent;
  /** Events of the room after it. */
  later: RoomEvent[];
  isDirect: boolean;
}

async function handOn(
  { self, handlers, encryption, members }: BatchContext,
  room: string,
  { event, later, isDirect }: Said,
): Promise<void> {
  const redaction = readRedaction(room, event, self);
  if (redaction !== undefined) await handlers.onRedaction?.(redaction);
  const reaction = readReaction(room, event, self);
  if (reaction !== undefined) await handlers.onReaction?.(reaction);
  const message = readMessage(room, event, self, isDirect);
  if (message === undefined) return;
  // Clear text in an encrypted room could not be answered, and nobody vouches for its sender.
  if (await encryption.isEncrypted(room)) return;
  const company = await members.companyOf(room, event, later);
  await handlers.onMessage?.({ ...message, ...company });
}

/** The events of a room that were not there when we last looked, oldest first. */
async function newEvents(
  context: BatchContext,
  room: string,
  { timeline, block }: ServedRoom,
  since: string | undefined,
): Promise<{ events: RoomEvent[]; skipped: SkippedMessages[] }> {
  if (since === undefined) {
    // Without a place to go on from all of this is history. The SDK hands it on as news.
    return { events: [], skipped: skip(context, room, "first sync", timeline) };
  }
  let events = timeline;
  const skipped: SkippedMessages[] = [];
  const isOwnJoin = (event: RoomEvent): boolean => isJoining(event, context.self);
  if (block.limited && block.prev_batch !== undefined && !timeline.some(isOwnJoin)) {
    const gap = {
      room,
      from: block.prev_batch,
      to: since,
      lastSeen: await context.storage.get(seenKey(room)),
    };
    const { events: missed, complete } = await readGapOrNothing(context, gap, isOwnJoin);
    events = [...missed, ...timeline];
    if (!complete) skipped.push({ room, reason: "gap", count: 1 });
  }
  const joined = events.findLastIndex(isOwnJoin);
  const ours = events.filter((event, index) => index > joined && wasJoined(event));
  const before = events.filter((event) => !ours.includes(event));
  return { events: ours, skipped: [...skipped, ...skip(context, room, "before joining", before)] };
}

async function readGapOrNothing(
  { client }: BatchContext,
  gap: Parameters<typeof readGap>[1],
  isOwnJoin: (event: RoomEvent) => boolean,
): Promise<{ events: RoomEvent[]; complete: boolean }> {
  try {
    return await readGap(client, gap, HISTORY_FILTER, isOwnJoin);
  } catch (thrown) {
    // Refused for good, e.g. we were removed meanwhile: the gap cannot be read any more.
    if (classifyFailure(thrown).retry) throw thrown;
    return { events: [], complete: false };
  }
}

function skip(
  { self, recent }: BatchContext,
  room: string,
  reason: SkippedMessages["reason"],
  events: RoomEvent[],
): SkippedMessages[] {
  const messages = events.filter(
    (event) => !recent.has(event.event_id) && readMessage(room, event, self, false) !== undefined,
  );
  for (const event of events) recent.add(event.event_id);
  return messages.length === 0 ? [] : [{ room, reason, count: messages.length }];
}

/** Our own coming into the room: a join that was none before (a change of name is one, too). */
function isJoining(event: RoomEvent, self: string): boolean {
  return (
    event.type === "m.room.member" &&
    event.state_key === self &&
    event.content["membership"] === "join" &&
    event.unsigned?.prev_content?.["membership"] !== "join"
  );
}

/** Whether we were in the room then, as far as the homeserver says (MSC4115). */
function wasJoined(event: RoomEvent): boolean {
  return (event.unsigned?.membership ?? "join") === "join";
}

function isTombstone(event: RoomEvent): boolean {
  return event.type === "m.room.tombstone" && event.state_key === "";
}

/** `m.direct`: the rooms that this account holds direct chats in, by person. */
async function rememberDirectChats(
  { storage }: BatchContext,
  accountData: AccountData[],
): Promise<void> {
  for (const { type, content } of accountData) {
    if (type !== "m.direct") continue;
    for (const rooms of Object.values(content)) {
      for (const room of Array.isArray(rooms) ? (rooms as unknown[]) : []) {
        if (typeof room === "string") await storage.set(`direct ${room}`, "yes");
      }
    }
  }
}

function seenKey(room: string): string {
  return `seen ${room}`;
}
