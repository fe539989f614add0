import type { Channel, ChannelKind, Outcome, Outgoing } from "../channel.ts";
import { editLine, hasLine, writeDelivery } from "./room.ts";

/** Rooms on this machine: lines in the database that the page and the terminal show. */
export const room: ChannelKind = {
  name: "room",
  readers: "chat",
  example: "room:local",
  canonical: (name) => (/^[a-z0-9][a-z0-9-]{0,40}$/.test(name) ? name : undefined),
  create: createRoomChannel,
};

function createRoomChannel(): Channel {
  return {
    name: "room",
    canEdit: true,
    concurrency: 4,
    isShown: ({ id }) => hasLine(id),
    send: sendLine,
  };
}

async function sendLine(delivery: Outgoing): Promise<Outcome> {
  const edited = delivery.edits?.remoteId;
  if (edited !== undefined && (await editLine(edited, delivery))) {
    return { outcome: "delivered", remoteId: edited };
  }
  return { outcome: "delivered", remoteId: await writeDelivery(delivery) };
}
