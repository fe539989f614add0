import type { Outcome } from "../channel.ts";
import { withSignal } from "./call-signal.ts";
import type { HomeserverClient } from "./client.ts";
import { editContent, noticeContent, reactionContent } from "./content.ts";
import type { MatrixSession, SendOptions } from "./contract.ts";
import type { Encryption, EncryptionGuard } from "./encryption.ts";
import { type Content, readEvents } from "./event.ts";
import { classifyFailure, HomeserverError, isForbidden } from "./homeserver-error.ts";
import { readReaction } from "./incoming.ts";
import { findSent, mayBeForgotten } from "./looking-back.ts";
import type { Rooms } from "./rooms.ts";

/** Somebody has to invite us first; that takes people a while. */
const UNINVITED_MS = 60_000;

interface Sender {
  self: string;
  client: HomeserverClient;
  rooms: Rooms;
  encryption: EncryptionGuard;
  /** Transactions from before this time were those of another device, if it changed. */
  deviceSince: Date | undefined;
  /** Hears of a token that is not accepted any more. */
  onRefusedToken(thrown: unknown): void;
}

export type Sending = Pick<
  MatrixSession,
  "send" | "edit" | "isShown" | "react" | "typing" | "markRead"
>;

/** All that goes out. Each call answers with an outcome and throws nothing. */
export function createSending(sender: Sender): Sending {
  const { client, rooms } = sender;

  async function say(
    room: string,
    content: Content,
    txn: string,
    { signal, unclearSince }: SendOptions = {},
  ): Promise<Outcome> {
    return withSignal(signal, () =>
      intoRoom(sender, room, async (id) => {
        const forgotten = mayBeForgotten(unclearSince, sender.deviceSince);
        const sent = forgotten && (await findSent(sender, id, txn, unclearSince));
        return sent || client.put(id, "m.room.message", txn, content);
      }),
    );
  }

  async function nicety(room: string, work: (id: string) => Promise<unknown>): Promise<boolean> {
    try {
      await work(await rooms.resolve(room));
      return true;
    } catch (thrown) {
      if (classifyFailure(thrown).fatal) sender.onRefusedToken(thrown);
      return false;
    }
  }

  return {
    send: (room, text, txn, options) => say(room, noticeContent(text, txn), txn, options),
    isShown: async (room, txn, since) =>
      (await findSent(sender, await rooms.resolve(room), txn, since)) !== undefined,
    edit: (room, eventId, text, txn, options) =>
      say(room, editContent(eventId, text, txn), txn, options),
    react: (room, eventId, key, txn) =>
      intoRoom(sender, room, (id) => react(sender, id, eventId, key, txn)),
    typing: (room, on) => nicety(room, (id) => client.setTyping(id, on, 30_000)),
    markRead: (room, eventId) => nicety(room, (id) => client.sendReadReceipt(id, eventId)),
  };
}

/**
 * Sends into a room, by id or alias, if that may be done in clear.
 *
 * A refusal by the homeserver is final, except that one is not in the room: somebody may invite
 * us, so it is tried again later.
 */
async function intoRoom(
  sender: Sender,
  room: string,
  work: (id: string) => Promise<string>,
): Promise<Outcome> {
  try {
    const id = await sender.rooms.resolve(room);
    const refusal = await refusalOf(sender, room, id);
    if (refusal !== undefined) return refusal;
    try {
      return { outcome: "delivered", remoteId: await work(id) };
    } catch (thrown) {
      // Who was removed may still look at the room as it was, so only sending shows it.
      if (!isForbidden(thrown) || (await sender.client.getJoinedRooms()).includes(id)) throw thrown;
      const refused = await joinAnew(sender, room, id);
      return refused ?? { outcome: "delivered", remoteId: await work(id) };
    }
  } catch (thrown) {
    return failed(sender, room, thrown);
  }
}

/** Joins, and looks at the room as it is now. @returns why nothing may be sent, if so */
async function joinAnew(sender: Sender, room: string, id: string): Promise<Outcome | undefined> {
  if (!(await sender.rooms.join(room))) return uninvited(sender, room);
  return obstacle(sender, room, await sender.encryption.look(id, true));
}

async function refusalOf(sender: Sender, room: string, id: string): Promise<Outcome | undefined> {
  const look = await sender.encryption.look(id);
  if (look.state === "not joined") return joinAnew(sender, room, id);
  return obstacle(sender, room, look);
}

/** Why nothing may be sent into a room of which so much is known, if so. */
function obstacle(sender: Sender, room: string, look: Encryption): Outcome | undefined {
  if (look.state === "plain") return undefined;
  if (look.state === "not joined") return uninvited(sender, room);
  if (look.state === "encrypted") {
    const reason = `${room} is end-to-end encrypted, which is not supported yet: nothing was sent`;
    return { outcome: "failed", retry: false, untaken: true, reason };
  }
  return {
    outcome: "failed",
    retry: true,
    untaken: true,
    ...(look.afterMs === undefined ? {} : { afterMs: look.afterMs }),
    reason: `it is not known whether ${room} is encrypted, so nothing was sent: ${look.reason}`,
  };
}

function uninvited(sender: Sender, room: string): Outcome {
  // An alias may lead elsewhere by now.
  sender.rooms.forgetAliases();
  return {
    outcome: "failed",
    retry: true,
    untaken: true,
    afterMs: UNINVITED_MS,
    reason: `${sender.self} is not in ${room} and may not join: invite it`,
  };
}

function failed(sender: Sender, room: string, thrown: unknown): Outcome {
  const { retry, fatal, reason, afterMs, limited, untaken } = classifyFailure(thrown);
  if (fatal) sender.onRefusedToken(thrown);
  return {
    outcome: "failed",
    retry,
    untaken,
    ...(afterMs === undefined ? {} : { afterMs }),
    ...(limited ? { limited } : {}),
    ...(fatal ? { stop: true } : {}),
    reason: `${room}: ${reason}`,
  };
}

/** Reacts; where the same reaction of ours is there already, that one is the answer. */
async function react(
  { client, self }: Sender,
  room: string,
  target: string,
  key: string,
  txn: string,
): Promise<string> {
  try {
    return await client.put(room, "m.reaction", txn, reactionContent(target, key));
  } catch (thrown) {
    const twice = thrown instanceof HomeserverError && thrown.errcode === "M_DUPLICATE_ANNOTATION";
    if (!twice) throw thrown;
    const served = (await client.related(room, target, "m.annotation", "m.reaction")) as {
      chunk?: unknown[];
    };
    const ours = readEvents(served.chunk ?? []).find(
      (event) => event.sender === self && readReaction(room, event, "")?.key === key,
    );
    if (ours === undefined) throw thrown;
    return ours.event_id;
  }
}
