import type { Log } from "../../../core/log.ts";
import type { HomeserverClient } from "./client.ts";
import type { Invitation } from "./contract.ts";
import type { Chore } from "./chores.ts";
import { objectIn, readStripped, textIn } from "./event.ts";
import { classifyFailure } from "./homeserver-error.ts";
import type { Rooms } from "./rooms.ts";
import type { SessionStorage } from "./storage.ts";

type InvitationChore = Extract<Chore, { kind: "invitation" }>;

/** Why we do not talk in encrypted rooms; people read it in the room. */
export const NO_ENCRYPTION =
  "This room is end-to-end encrypted, which is not supported yet: " +
  "please invite me to a room without encryption.";

/** The invitation in a sync's answer, or undefined when it is not for us. */
export function readInvitation(
  room: string,
  served: unknown[],
  self: string,
): InvitationChore | undefined {
  const events = readStripped(served);
  const own = events.find(
    (event) =>
      event.type === "m.room.member" &&
      event.state_key === self &&
      event.content["membership"] === "invite",
  );
  if (own === undefined) return undefined;
  const create = events.find((event) => event.type === "m.room.create");
  const predecessor = create && textIn(objectIn(create.content, "predecessor"), "room_id");
  return {
    kind: "invitation",
    room,
    sender: own.sender,
    isDirect: own.content["is_direct"] === true,
    encrypted: events.some((event) => event.type === "m.room.encryption"),
    ...(predecessor === undefined ? {} : { predecessor }),
  };
}

/** What answering takes. */
export interface Host {
  client: HomeserverClient;
  rooms: Rooms;
  storage: SessionStorage;
  log: Log;
  /** Rooms, by id or alias, to which anybody may invite us. */
  configured: string[];
  acceptInvite(invitation: Invitation): boolean | Promise<boolean>;
}

/**
 * Accepts an invitation to one of the configured rooms or from somebody on the list, unless the
 * room is encrypted. Everything else is refused with the reason, which those in the room can read.
 *
 * @throws HomeserverError
 */
export async function answerInvitation(invitation: InvitationChore, host: Host): Promise<void> {
  const { client, rooms, storage, log } = host;
  const { room, sender, isDirect, encrypted } = invitation;
  const particulars = { room, sender };
  async function refuse(reason: string): Promise<void> {
    log.warn({ ...particulars, reason }, "refused an invitation");
    await client.leaveRoom(room, reason);
  }
  if ((await client.getJoinedRooms()).includes(room)) {
    // Accepted before a restart, which only the answer did not survive.
    if (isDirect) await storage.set(`direct ${room}`, "yes");
    return;
  }
  const wanted =
    (await isConfigured(room, host)) || (await host.acceptInvite({ room, sender, isDirect }));
  if (!wanted) {
    await refuse(`I accept no invitations from ${sender}: my operator keeps a list.`);
  } else if (encrypted) {
    await refuse(NO_ENCRYPTION);
  } else if (await rooms.join(room, [sender.slice(sender.indexOf(":") + 1)])) {
    if (isDirect) await storage.set(`direct ${room}`, "yes");
    log.info(particulars, "accepted an invitation");
  } else {
    log.warn(particulars, "an invitation was withdrawn before it could be accepted");
  }
}

/** Whether it is one of the configured rooms, by id or by what their aliases lead to now. */
async function isConfigured(room: string, { configured, rooms }: Host): Promise<boolean> {
  for (const name of configured) {
    try {
      if ((await rooms.resolve(name)) === room) return true;
    } catch (thrown) {
      // An alias that leads nowhere is not this room; one that cannot be looked up may be.
      if (classifyFailure(thrown).retry) throw thrown;
    }
  }
  return false;
}
