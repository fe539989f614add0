import { randomUUID } from "node:crypto";
import { database, inTransaction } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import type { DeliverySubject } from "../channels/channel.ts";

/** NOTIFY channel of new deliveries; a wake-up, never the carrier. */
export const DELIVERY_CHANNEL = "lk_delivery";

export interface PostOptions {
  /** Posting again with the same key changes nothing and returns the first delivery. */
  key?: string;
  /** Remote id of the message whose thread this belongs to. */
  thread?: string;
  /** Remote id of the message this answers. */
  replyTo?: string;
  subject?: DeliverySubject;
  /** Why it goes there; shown where people ask "why did I get this". */
  reason?: string;
}

/**
 * Sends a message to a destination: it is on its way once the running transaction commits, whatever
 * happens to this process.
 *
 * @returns the delivery's id, for `revise`
 */
export async function post(
  destination: string,
  message: Message,
  options: PostOptions = {},
): Promise<string> {
  return insertDelivery({ destination, message, ...options, reason: options.reason ?? "answer" });
}

/**
 * Replaces what an earlier delivery said. An older edit of it that nobody has begun to send yet is
 * superseded. Where messages cannot be changed afterwards, only the final edit is sent.
 *
 * @param deliveryId of the original (or of an earlier edit of it)
 * @returns the edit's own delivery id
 * @throws Error when there is no such delivery
 */
export function revise(
  deliveryId: string,
  message: Message,
  options: { final?: boolean; key?: string } = {},
): Promise<string> {
  return inTransaction(async () => {
    const root = await lockRoot(deliveryId);
    const edit = {
      destination: root.destination,
      message,
      subject: root.subject,
      reason: root.reason,
      edits: root.id,
      final: options.final ?? true,
      ...(root.thread === null ? {} : { thread: root.thread }),
      ...(root.reply_to === null ? {} : { replyTo: root.reply_to }),
      ...(options.key === undefined ? {} : { key: options.key }),
    };
    const id = await insertDelivery(edit);
    await database().query(
      `update delivery set state = 'cancelled', finished_at = now(), last_error = 'superseded'
        where edits = $1 and id <> $2 and state = 'pending'
          and number < (select number from delivery where id = $2)
          and (lease_until is null or lease_until < now())`,
      [root.id, id],
    );
    return id;
  });
}

interface Root {
  id: string;
  destination: string;
  subject: DeliverySubject;
  reason: string;
  thread: string | null;
  reply_to: string | null;
}

/** The message that all edits of it name. Locked, so that two revisions of it take turns. */
async function lockRoot(deliveryId: string): Promise<Root> {
  const [root] = await database().query<Root>(
    `select id, destination, subject, reason, thread, reply_to from delivery
      where id = (select coalesce(edits, id) from delivery where id = $1) for no key update`,
    [deliveryId],
  );
  if (root === undefined) throw new Error(`there is no delivery ${deliveryId}`);
  return root;
}

interface NewDelivery extends PostOptions {
  destination: string;
  message: Message;
  reason: string;
  edits?: string;
  final?: boolean;
}

async function insertDelivery(delivery: NewDelivery): Promise<string> {
  const rows = await database().query<{ id: string }>(
    `with fresh as (
       insert into delivery (id, destination, message, subject, reason, idempotency_key, thread,
         reply_to, edits, final)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (idempotency_key) do nothing returning id
     )
     select id from fresh union all select id from delivery where idempotency_key = $6`,
    [
      randomUUID(),
      delivery.destination,
      storable(delivery.message),
      storable(delivery.subject ?? {}),
      delivery.reason,
      delivery.key ?? null,
      delivery.thread ?? null,
      delivery.replyTo ?? null,
      delivery.edits ?? null,
      delivery.final ?? true,
    ],
  );
  await wakeDispatcher();
  const id = rows[0]?.id;
  // Another transaction inserted the same key and committed between our snapshot and now.
  if (id === undefined) return await idOfKey(delivery.key ?? "");
  return id;
}

async function idOfKey(key: string): Promise<string> {
  const [row] = await database().query<{ id: string }>(
    "select id from delivery where idempotency_key = $1",
    [key],
  );
  if (row === undefined) throw new Error(`the delivery with the key ${key} vanished`);
  return row.id;
}

/** JSON that jsonb takes: it has neither U+0000 nor half a surrogate pair in strings. */
export function storable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "string" ? inner.replace(/[\0\p{Surrogate}]/gu, "\ufffd") : inner,
  );
}

/** Rings the dispatchers of all processes, when the running transaction commits. */
export async function wakeDispatcher(): Promise<void> {
  await database().query("select pg_notify($1, '')", [DELIVERY_CHANNEL]);
}

/** How many deliveries are in which state. `created` is always the sum of the others. */
export interface Books {
  created: number;
  sent: number;
  pending: number;
  dead: number;
  cancelled: number;
}

/** The books of all destinations. */
export async function deliveryBooks(): Promise<Books> {
  const [row] = await database().query<Record<keyof Books, string>>(
    `select count(*) as created,
            count(*) filter (where state = 'sent') as sent,
            count(*) filter (where state = 'pending') as pending,
            count(*) filter (where state = 'dead') as dead,
            count(*) filter (where state = 'cancelled') as cancelled
       from delivery`,
  );
  return {
    created: Number(row?.created),
    sent: Number(row?.sent),
    pending: Number(row?.pending),
    dead: Number(row?.dead),
    cancelled: Number(row?.cancelled),
  };
}
