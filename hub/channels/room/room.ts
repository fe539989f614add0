import { Op } from "sequelize";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { renderText } from "../../../core/message.ts";
import { receive } from "../../incoming.ts";
import { RoomMessage } from "../../model/conversation.ts";
import { storable } from "../../delivery/outbox.ts";
import type { Outgoing } from "../channel.ts";

/** The room of this machine: on the page and in the terminal of `lk up`. */
export const LOCAL_ROOM = "room:local";
/** How we are called in local rooms. */
export const OUR_NAME = "laniakea";
/** NOTIFY channel of lines and edits; the payload is the room. */
export const ROOM_CHANNEL = "lk_room";

/**
 * Says something in a local room as a person. The line, and the bot hearing of it, are one
 * transaction.
 *
 * @param room   a destination, `room:local`
 * @param sender `local:NAME`
 * @returns the id of the line
 */
export function say(room: string, sender: string, text: string): Promise<string> {
  return inTransaction(async () => {
    const body = text.replaceAll("\0", "\ufffd");
    const id = await insertLine({ room, sender, body });
    const sentAt = new Date();
    await receive({ destination: room, messageId: id, sender, body, sentAt });
    return id;
  });
}

/** Writes one of our own messages; the same delivery a second time finds its line. */
export function writeDelivery(delivery: Outgoing): Promise<string> {
  return inTransaction(async () => {
    const [known] = await database().query<{ id: string }>(
      "select id from room_message where delivery_id = $1",
      [delivery.id],
    );
    return known?.id ?? (await insertLine(ourLine(delivery)));
  });
}

/** Whether the line of a delivery is there. */
export async function hasLine(deliveryId: string): Promise<boolean> {
  const sql = "select 1 from room_message where delivery_id = $1";
  return (await database().query(sql, [deliveryId])).length > 0;
}

/** Changes an earlier message of ours. False when there is no such line. */
export function editLine(id: string, delivery: Outgoing): Promise<boolean> {
  return inTransaction(async () => {
    const line = ourLine(delivery);
    const revision = await nextRevision(line.room);
    const rows = await database().query<{ id: string }>(
      `update room_message set body = $2, message = $3, revision = $4, edited_at = now()
        where id = $1 and room = $5 and sender = $6 returning id`,
      [id, line.body, storable(delivery.message), revision, line.room, OUR_NAME],
    );
    if (rows.length > 0) await tell(line.room);
    return rows.length > 0;
  });
}

/**
 * The lines of a room, in order. Without `since` the newest ones; with it those written or edited
 * after that revision: keep the highest `revision` seen and ask for what follows.
 */
export async function readRoom(room: string, since?: string, limit = 200): Promise<RoomMessage[]> {
  if (since !== undefined) {
    return RoomMessage.findAll({
      where: { room, revision: { [Op.gt]: since } },
      order: [["revision", "ASC"]],
      limit,
    });
  }
  const newest = await RoomMessage.findAll({ where: { room }, order: [["id", "DESC"]], limit });
  return newest.reverse();
}

interface NewLine {
  room: string;
  sender: string;
  body: string;
  delivery?: Outgoing;
}

function ourLine(delivery: Outgoing): NewLine {
  const body = renderText(delivery.message).replaceAll("\0", "\ufffd");
  return { room: delivery.destination, sender: OUR_NAME, body, delivery };
}

async function insertLine({ room, sender, body, delivery }: NewLine): Promise<string> {
  const revision = await nextRevision(room);
  const [row] = await database().query<{ id: string }>(
    `insert into room_message (room, revision, sender, delivery_id, body, message, thread, reply_to)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [
      room,
      revision,
      sender,
      delivery?.id ?? null,
      body,
      delivery === undefined ? null : storable(delivery.message),
      delivery?.thread ?? null,
      delivery?.replyTo ?? null,
    ],
  );
  if (row === undefined) throw new Error("a line was inserted and has no id");
  await tell(room);
  return row.id;
}

/**
 * The next revision of a room. The lock makes writers take turns until they commit: a reader that
 * has seen revision 7 will never have to look for a late 6.
 */
async function nextRevision(room: string): Promise<string> {
  await database().query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`room ${room}`]);
  const [row] = await database().query<{ revision: string }>(
    "select nextval('room_revision') as revision",
  );
  return row?.revision ?? "0";
}

async function tell(room: string): Promise<void> {
  await database().query("select pg_notify($1, $2)", [ROOM_CHANNEL, room]);
}
