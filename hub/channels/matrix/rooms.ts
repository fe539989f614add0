import type { Log } from "../../../core/log.ts";
import type { HomeserverClient } from "./client.ts";
import { readEvents } from "./event.ts";
import { classifyFailure, isForbidden, isNotFound } from "./homeserver-error.ts";
import { readTombstone } from "./power.ts";
import type { SessionStorage } from "./storage.ts";

/** An alias may be moved to another room; it is looked up again after this long. */
const ALIAS_MS = 5 * 60_000;

/** Which room is meant, and being in it. */
export interface Rooms {
  /** The id of a room given by id or alias, now that it may have been replaced. @throws HomeserverError */
  resolve(room: string): Promise<string>;
  /** Joins; true when we are in. @throws HomeserverError unless it is forbidden or unknown */
  join(room: string, via?: string[]): Promise<boolean>;
  /** Looks at aliases anew, after one led to a room that we are not in. */
  forgetAliases(): void;
  /**
   * Follows a room's tombstone, if there is one that counts (see power.ts) and the new room says
   * that it came from the old one. Once followed it stays so.
   *
   * @param announce is told of the new room before the old one is forgotten; may be told again
   * @throws HomeserverError, or what `announce` threw, to be tried again
   */
  followReplacement(
    old: string,
    announce: (replacement: string) => Promise<void> | void,
  ): Promise<void>;
  /** The room that a room says it came from. @throws HomeserverError */
  predecessor(room: string): Promise<string | undefined>;
}

export function createRooms(client: HomeserverClient, storage: SessionStorage, log: Log): Rooms {
  const aliases = new Map<string, { room: string; until: number }>();

  async function lookUp(room: string): Promise<string> {
    if (!room.startsWith("#")) return room;
    const known = aliases.get(room);
    if (known !== undefined && known.until > Date.now()) return known.room;
    const { roomId } = await client.lookupRoomAlias(room);
    aliases.set(room, { room: roomId, until: Date.now() + ALIAS_MS });
    return roomId;
  }

  async function join(room: string, via: string[] = []): Promise<boolean> {
    try {
      await client.joinRoom(room, via);
      return true;
    } catch (thrown) {
      if (classifyFailure(thrown).retry) throw thrown;
      return false;
    }
  }

  async function predecessor(room: string): Promise<string | undefined> {
    const create = (await client.getRoomStateEvent(room, "m.room.create", "")) as {
      predecessor?: { room_id?: unknown };
    };
    const id = create.predecessor?.room_id;
    return typeof id === "string" ? id : undefined;
  }

  async function followReplacement(
    old: string,
    announce: (replacement: string) => Promise<void> | void,
  ): Promise<void> {
    if ((await storage.get(replacedKey(old))) !== undefined) return;
    const tombstone = await readState(client, old).then(readTombstone);
    if (tombstone === undefined) return;
    const { replacement, sender, allowed } = tombstone;
    const particulars = { room: old, replacement, sender };
    if (!allowed) {
      log.warn(particulars, "a room's replacement is ignored: its sender has too little power");
      return;
    }
    if (!(await join(replacement, [serverOf(sender)]))) {
      log.warn(particulars, "a room was replaced, but the new one does not let us in: invite us");
      return;
    }
    if ((await predecessor(replacement)) !== old) {
      log.warn(particulars, "a room's replacement does not name it as its predecessor");
      await client.leaveRoom(replacement, "This room does not say that it replaces the old one.");
      return;
    }
    await announce(replacement);
    await storage.set(replacedKey(old), replacement);
    aliases.clear();
    log.info(particulars, "followed a room to its replacement");
  }

  return {
    join,
    predecessor,
    followReplacement,
    forgetAliases: () => aliases.clear(),
    resolve: async (room) => {
      let id = await lookUp(room);
      // Bounded, should rooms ever replace each other in a circle.
      for (let step = 0; step < 20; step += 1) {
        const next = await storage.get(replacedKey(id));
        if (next === undefined) break;
        id = next;
      }
      return id;
    },
  };
}

/** A room's state; nothing of a room that we may not look into. */
async function readState(client: HomeserverClient, room: string) {
  try {
    const served = (await client.getRoomState(room)) as unknown;
    return readEvents(Array.isArray(served) ? (served as unknown[]) : []);
  } catch (thrown) {
    if (isForbidden(thrown) || isNotFound(thrown)) return [];
    throw thrown;
  }
}

function serverOf(user: string): string {
  return user.slice(user.indexOf(":") + 1);
}

function replacedKey(room: string): string {
  return `replaced ${room}`;
}
