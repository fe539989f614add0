import type { HomeserverClient } from "./client.ts";
import { classifyFailure, isForbidden, isNotFound } from "./homeserver-error.ts";
import type { SessionStorage } from "./storage.ts";

/** What is known of a room's encryption. Only `plain` may be talked to in clear. */
export type Encryption =
  | { state: "plain" }
  | { state: "encrypted" }
  | { state: "not joined" }
  | { state: "unknown"; reason: string; afterMs?: number };

/**
 * Decides whether a room may be talked to in clear. A room that was ever seen encrypted stays so
 * for ever, even if its state is taken back (client-server API, "m.room.encryption"). That a room
 * is plain has to be proven: only the homeserver's own "not found" proves it. The SDK takes every
 * failure as proof.
 */
export interface EncryptionGuard {
  /** To be called for every sign of encryption in the stream; durable when it resolves. */
  note(room: string): Promise<void>;
  /**
   * @param anew asks the homeserver even if a proof still holds
   * @throws HomeserverError for a token that is not accepted
   */
  look(room: string, anew?: boolean): Promise<Encryption>;
  /** Only what is remembered; asks nobody. */
  isEncrypted(room: string): Promise<boolean>;
  /** Rooms seen encrypted by this process. */
  seen(): string[];
}

/**
 * @param following whether the stream is followed at this moment, so that a change of a room's
 *   state would have been heard: only then an earlier proof holds on
 */
export function createEncryptionGuard(
  client: HomeserverClient,
  storage: SessionStorage,
  following: () => boolean,
): EncryptionGuard {
  const plain = new Set<string>();
  const encrypted = new Set<string>();

  async function note(room: string): Promise<void> {
    if (encrypted.has(room)) return;
    await storage.set(key(room), "yes");
    encrypted.add(room);
  }

  async function isEncrypted(room: string): Promise<boolean> {
    if (encrypted.has(room)) return true;
    if ((await storage.get(key(room))) === undefined) return false;
    encrypted.add(room);
    return true;
  }

  async function ask(room: string): Promise<Encryption> {
    try {
      await client.getRoomStateEvent(room, "m.room.encryption", "");
      await note(room);
      return { state: "encrypted" };
    } catch (thrown) {
      if (isNotFound(thrown)) {
        plain.add(room);
        // The stream may have told of encryption while we asked: what it says comes first.
        return (await isEncrypted(room)) ? { state: "encrypted" } : { state: "plain" };
      }
      if (isForbidden(thrown)) return { state: "not joined" };
      const { reason, afterMs, fatal } = classifyFailure(thrown);
      if (fatal) throw thrown;
      return { state: "unknown", reason, ...(afterMs === undefined ? {} : { afterMs }) };
    }
  }

  return {
    note,
    isEncrypted,
    seen: () => [...encrypted],
    look: async (room, anew = false) => {
      if (await isEncrypted(room)) return { state: "encrypted" };
      if (!anew && plain.has(room) && following()) return { state: "plain" };
      return ask(room);
    },
  };
}

function key(room: string): string {
  return `encrypted ${room}`;
}
