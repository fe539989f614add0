import { z } from "zod";
import type { HomeserverClient } from "./client.ts";
import { type RoomEvent, textIn } from "./event.ts";
import { classifyFailure } from "./homeserver-error.ts";

/** Whom a line reached, and what they call us. */
export interface Company {
  /** Nobody but the sender and us was joined when it was said. */
  alone: boolean;
  /** Our display name in the room. */
  ownName: string | undefined;
}

/** Who is in the rooms. */
export interface Members {
  /** To be called for each member event, in the order of the room. */
  note(room: string, event: RoomEvent): void;
  /** Events of the room may have been missed. */
  forget(room: string): void;
  /**
   * The company in which an event was said.
   *
   * @param later events of the room after it, as far as they were served
   * @throws HomeserverError when that is to be tried again
   */
  companyOf(room: string, event: RoomEvent, later: RoomEvent[]): Promise<Company>;
}

/** Of a room that is no room for two. */
interface Crowd {
  /** Joined at least: those once counted, without all who left since. */
  atLeast: number;
  ownName: string | undefined;
}

const Joined = z.record(
  z.string(),
  z.looseObject({ display_name: z.string().nullish().catch(undefined) }),
);

/**
 * A room for two is asked for its members at every message: a third one must never be overlooked,
 * however he came in. A room with more people is asked again only when enough have left for it to
 * have become one, as the answer can be long.
 */
export function createMembers(client: HomeserverClient, self: string): Members {
  const crowds = new Map<string, Crowd>();

  function note(room: string, event: RoomEvent): void {
    const crowd = crowds.get(room);
    if (crowd === undefined || event.type !== "m.room.member") return;
    if (event.content["membership"] !== "join") crowd.atLeast -= 1;
    else if (event.state_key === self) crowd.ownName = textIn(event.content, "displayname");
  }

  async function companyOf(room: string, event: RoomEvent, later: RoomEvent[]): Promise<Company> {
    const crowd = crowds.get(room);
    if (crowd !== undefined && crowd.atLeast > 2) return { alone: false, ownName: crowd.ownName };
    const names = await joinedNow(client, room);
    if (names === undefined) return { alone: false, ownName: undefined };
    const ownName = names.get(self) ?? undefined;
    const changes = later.filter(({ type }) => type === "m.room.member");
    // Some of those who are joined now may have come after the message, or after the next one.
    crowds.set(room, { atLeast: names.size - changes.length, ownName });
    const then = joinedBefore(changes, new Set(names.keys()));
    return { alone: then.size === 2 && then.has(self) && then.has(event.sender), ownName };
  }

  return { note, companyOf, forget: (room) => void crowds.delete(room) };
}

/** Members by id, with their names; undefined when we are not let in (any more). */
async function joinedNow(
  client: HomeserverClient,
  room: string,
): Promise<Map<string, string | null | undefined> | undefined> {
  try {
    const joined = Joined.parse(await client.getJoinedRoomMembersWithProfiles(room));
    return new Map(Object.entries(joined).map(([user, one]) => [user, one.display_name]));
  } catch (thrown) {
    if (classifyFailure(thrown).retry) throw thrown;
    return undefined;
  }
}

/**
 * Who was joined before the given changes of membership, by who is joined after them. Where the
 * server does not say what somebody was before, one who left had been there.
 */
function joinedBefore(changes: RoomEvent[], joined: Set<string>): Set<string> {
  for (const { state_key: user, content, unsigned } of changes.toReversed()) {
    if (user === undefined) continue;
    const left = content["membership"] === "leave" || content["membership"] === "ban";
    const before = unsigned?.prev_content?.["membership"] ?? (left ? "join" : "leave");
    if (before === "join") joined.add(user);
    else joined.delete(user);
  }
  return joined;
}
