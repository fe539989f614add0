import { clientEvent, mayRead } from "./client-event.ts";
import { type EventFilter, eventFilter, filterPart, passes } from "./filter.ts";
import { membership, type State, stateAt, stateKey } from "./room.ts";
import type { Content, Device, Room, StoredEvent, World } from "./world.ts";
import { streamToken, userOf } from "./world.ts";

interface Span {
  /** Everything up to here was seen; undefined on a first sync. */
  since: number | undefined;
  until: number;
}

/** What a sync would answer now, and whether a client that waits should be told. */
export function syncAnswer(
  world: World,
  device: Device,
  since: number | undefined,
  filter: Content,
): { answer: Content; news: boolean } {
  const span = { since, until: world.position };
  const rooms: Record<"join" | "invite" | "leave", Content> = { join: {}, invite: {}, leave: {} };
  for (const room of world.rooms.values()) {
    const now = membership(room, device.userId);
    if (now === "join") {
      const part = joinedRoom(world, room, device, span, filter);
      if (part !== undefined) rooms.join[room.id] = part;
    } else if (changed(room, device.userId, span)) {
      if (now === "invite") rooms.invite[room.id] = invitedRoom(room, device.userId);
      else if (since !== undefined)
        rooms.leave[room.id] = leftRoom(world, room, device, span, filter);
    }
  }
  const accountData = globalAccountData(world, device, span, filter);
  const filled = Object.fromEntries(
    Object.entries(rooms).filter(([, byId]) => Object.keys(byId).length > 0),
  );
  const news = Object.keys(filled).length > 0 || accountData.length > 0;
  return {
    news,
    answer: {
      next_batch: streamToken(world, span.until),
      device_one_time_keys_count: { signed_curve25519: 0 },
      device_unused_fallback_key_types: [],
      ...(accountData.length > 0 ? { account_data: { events: accountData } } : {}),
      ...(Object.keys(filled).length > 0 ? { rooms: filled } : {}),
    },
  };
}

function joinedRoom(
  world: World,
  room: Room,
  device: Device,
  span: Span,
  filter: Content,
): Content | undefined {
  const before = span.since === undefined ? "leave" : membership(room, device.userId, span.since);
  // Somebody who just came gets the history up to the limit, as if it were a first sync.
  const since = before === "join" ? span.since : undefined;
  const timeline = timelineOf(world, room, device, { ...span, since }, filter);
  const state = stateChanges(room, device, { ...span, since }, timeline.events, filter);
  const ephemeral = ephemeralOf(room, { ...span, since }, filter);
  const data = roomAccountData(world, room, device, { ...span, since });
  const empty =
    timeline.events.length === 0 &&
    state.length === 0 &&
    ephemeral.length === 0 &&
    data.length === 0;
  if (empty && since !== undefined) return undefined;
  return {
    timeline: timeline.block,
    state: { events: state.map((event) => clientEvent(world, room, event, device, true)) },
    account_data: { events: data },
    ephemeral: { events: ephemeral },
    unread_notifications: { notification_count: 0, highlight_count: 0 },
    summary: {},
  };
}

function timelineOf(
  world: World,
  room: Room,
  device: Device,
  span: Span,
  filter: Content,
): { events: StoredEvent[]; block: Content } {
  const wanted = eventFilter(filterPart(filter, "room", "timeline"));
  const all = room.events.filter(
    (event) =>
      event.position > (span.since ?? 0) &&
      event.position <= span.until &&
      mayRead(room, event, device.userId) &&
      passes(wanted, event),
  );
  const events = all.slice(-wanted.limit);
  const first = events[0];
  return {
    events,
    block: {
      events: events.map((event) => clientEvent(world, room, event, device, true)),
      prev_batch: streamToken(world, first === undefined ? span.until : first.position - 1),
      limited: all.length > events.length,
    },
  };
}

/** The state at the start of the timeline, less what the client has already. */
function stateChanges(
  room: Room,
  device: Device,
  span: Span,
  timeline: StoredEvent[],
  filter: Content,
): StoredEvent[] {
  const wanted = eventFilter(filterPart(filter, "room", "state"));
  const start = timeline[0] === undefined ? span.until : timeline[0].position - 1;
  const state: State = stateAt(room, start);
  return [...state.values()].filter(
    (event) =>
      event.position > (span.since ?? 0) &&
      passes(wanted, event) &&
      wantedMember(wanted, event, timeline, device.userId),
  );
}

function wantedMember(
  wanted: EventFilter,
  event: StoredEvent,
  timeline: StoredEvent[],
  userId: string,
): boolean {
  if (!wanted.lazyLoadMembers || event.type !== "m.room.member") return true;
  return event.state_key === userId || timeline.some((one) => one.sender === event.state_key);
}

function invitedRoom(room: Room, userId: string): Content {
  const state = stateAt(room);
  const shown = [
    "create",
    "join_rules",
    "canonical_alias",
    "avatar",
    "encryption",
    "name",
    "topic",
  ];
  const inviter = state.get(stateKey("m.room.member", userId))?.sender ?? "";
  const events = [
    ...shown.map((name) => state.get(stateKey(`m.room.${name}`, ""))),
    state.get(stateKey("m.room.member", inviter)),
    state.get(stateKey("m.room.member", userId)),
  ].filter((event): event is StoredEvent => event !== undefined);
  return {
    invite_state: {
      events: events.map(({ type, state_key: key, content, sender }) => {
        return { type, state_key: key, content, sender };
      }),
    },
  };
}

function leftRoom(world: World, room: Room, device: Device, span: Span, filter: Content): Content {
  const left = room.events.findLast(
    (event) => event.type === "m.room.member" && event.state_key === device.userId,
  );
  const until = Math.min(span.until, left?.position ?? span.until);
  const { block } = timelineOf(world, room, device, { since: span.since, until }, filter);
  return { timeline: block, state: { events: [] }, account_data: { events: [] } };
}

/** Whether the user's own membership changed in the span; on a first sync: whether there is one. */
function changed(room: Room, userId: string, span: Span): boolean {
  return room.events.some(
    (event) =>
      event.type === "m.room.member" &&
      event.state_key === userId &&
      event.position > (span.since ?? 0),
  );
}

function ephemeralOf(room: Room, span: Span, filter: Content): Content[] {
  const wanted = eventFilter(filterPart(filter, "room", "ephemeral"));
  const events: Content[] = [];
  if (room.typingChanged > (span.since ?? 0)) {
    events.push({ type: "m.typing", content: { user_ids: typingIn(room) } });
  }
  const content: Content = {};
  for (const [userId, receipt] of room.receipts) {
    if (receipt.position <= (span.since ?? 0)) continue;
    const entry = (content[receipt.eventId] ?? { "m.read": {} }) as { "m.read": Content };
    entry["m.read"][userId] = { ts: receipt.time };
    content[receipt.eventId] = entry;
  }
  if (Object.keys(content).length > 0) events.push({ type: "m.receipt", content });
  return events.filter((event) => passes(wanted, event as { type: string }));
}

export function typingIn(room: Room): string[] {
  return [...room.typing].filter(([, until]) => until > Date.now()).map(([userId]) => userId);
}

function globalAccountData(world: World, device: Device, span: Span, filter: Content): Content[] {
  const wanted = eventFilter(filterPart(filter, "account_data"));
  return [...userOf(world, device.userId).accountData.values()]
    .filter((data) => data.room === undefined && data.position > (span.since ?? 0))
    .filter((data) => passes(wanted, data))
    .map(({ type, content }) => ({ type, content }));
}

function roomAccountData(world: World, room: Room, device: Device, span: Span): Content[] {
  return [...userOf(world, device.userId).accountData.values()]
    .filter((data) => data.room === room.id && data.position > (span.since ?? 0))
    .map(({ type, content }) => ({ type, content }));
}
