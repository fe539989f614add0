import { database, inTransaction } from "../core/database/connect.ts";
import { Operation } from "../core/model/operation.ts";
import { isFinished } from "../core/operation/queue.ts";
import { post, revise } from "../hub/delivery/outbox.ts";
import { messagesOf } from "./progress-message.ts";

/** A message is edited at most this often; the end of a quick operation is shown at once. */
const EDIT_INTERVAL_SECONDS = 3;

/** Where the message of an operation belongs: remote ids of the message that asked. */
export interface Place {
  thread?: string;
  replyTo?: string;
}

/**
 * Posts the one message that shows how an operation goes. In the transaction that queued it, so
 * that there is never one without the other; a second time it changes nothing.
 */
export async function announce(operation: Operation, place: Place = {}): Promise<void> {
  if (operation.room === null) return;
  const [message] = messagesOf(operation);
  if (message === undefined) return;
  const key = `operation:${operation.id}`;
  const delivery = await post(operation.room, message, { ...place, key });
  await database().query(
    // The end, and what else changed until it is looked at again, is a change.
    `insert into bot_progress (operation_id, delivery_id, shown_change)
     select id, $2, changed_at from operation where id = $1 on conflict do nothing`,
    [operation.id, delivery],
  );
}

/**
 * Announces what was queued for a room by another way than a command there, e.g. over HTTP.
 *
 * @returns how many were
 */
export async function announceOthers(): Promise<number> {
  const others = await database().query<{ id: string }>(
    `select id from operation where room is not null and created_at > now() - interval '1 day'
        and not exists (select 1 from bot_progress where operation_id = operation.id)
      order by created_at limit 50`,
  );
  for (const { id } of others) {
    await inTransaction(async () => {
      await announce(await Operation.findByPk(id, { rejectOnEmpty: true }));
    });
  }
  return others.length;
}

interface Due {
  operation_id: string;
  delivery_id: string;
  /** As text: a Date has no microseconds. */
  change: string;
}

/**
 * Edits the message of one operation that has changed, if one is due. What the message says, that
 * it was edited, and whether that was the end are one transaction; each row is with one bot.
 *
 * @returns false when none is due
 */
export function editOne(): Promise<boolean> {
  return inTransaction(async () => {
    const [due] = await database().query<Due>(
      `select operation_id, delivery_id, changed_at::text as change
         from bot_progress join operation on operation.id = operation_id
        where bot_progress.finished_at is null
          and (changed_at <> shown_change or state in ('done', 'failed', 'cancelled'))
          and case when edited_at is not null then edited_at
                   when state in ('done', 'failed', 'cancelled') then '-infinity'
                   else posted_at end <= now() - $1 * interval '1 second'
        order by changed_at limit 1 for update of bot_progress skip locked`,
      [EDIT_INTERVAL_SECONDS],
    );
    if (due === undefined) return false;
    await edit(due);
    return true;
  });
}

async function edit(due: Due): Promise<void> {
  const id = due.operation_id;
  const operation = await Operation.findByPk(id, { rejectOnEmpty: true });
  const final = isFinished(operation.state);
  const [first, ...rest] = messagesOf(operation);
  if (first !== undefined) await revise(due.delivery_id, first, { final });
  if (rest.length > 0) await postRest(operation, due.delivery_id, rest);
  await database().query(
    `update bot_progress set edited_at = now(), shown_change = $2::timestamptz,
            finished_at = case when $3 then now() end where operation_id = $1`,
    [id, due.change, final],
  );
}

/** The further messages of an answer go where its first one is. */
async function postRest(
  operation: Operation,
  deliveryId: string,
  messages: Parameters<typeof post>[1][],
): Promise<void> {
  const [first] = await database().query<{ thread: string | null }>(
    "select thread from delivery where id = $1",
    [deliveryId],
  );
  const thread = first?.thread ?? undefined;
  for (const [place, message] of messages.entries()) {
    const key = `operation:${operation.id}:${place + 2}`;
    await post(operation.room ?? "", message, { key, ...(thread === undefined ? {} : { thread }) });
  }
}
