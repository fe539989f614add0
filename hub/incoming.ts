import { database, inTransaction } from "../core/database/connect.ts";
import { outsideTransaction } from "../core/database/transaction.ts";
import { IncomingMessage } from "./model/conversation.ts";

/** NOTIFY channel of new messages from people; a wake-up, never the carrier. */
export const INCOMING_CHANNEL = "lk_incoming";

/** What a person said, as a channel heard it. */
export interface IncomingText {
  /** Where it was said, and where the answer goes: `matrix:!room:server`, `room:local`. */
  destination: string;
  /** As the remote side names it; the same one is kept once. */
  messageId: string;
  /** `@user:server`, `local:NAME`. */
  sender: string;
  body: string;
  /** Remote id of the root of the thread it was said in. */
  thread?: string;
  /** Remote id of the message it answers. */
  replyTo?: string;
  sentAt: Date;
}

/** A message that brings its handler down this often is put aside. */
const MAX_ATTEMPTS = 3;

/**
 * Keeps a message of a person: durable when it resolves (or when the running transaction commits),
 * and the same message a second time changes nothing.
 *
 * @returns false when it was known already
 */
export async function receive(text: IncomingText): Promise<boolean> {
  const rows = await database().query<{ id: string }>(
    `insert into incoming_message (destination, message_id, sender, body, thread, reply_to, sent_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (destination, message_id) do nothing returning id`,
    [
      text.destination,
      text.messageId,
      text.sender,
      // PostgreSQL's text has no U+0000.
      text.body.replaceAll("\0", "\ufffd"),
      text.thread ?? null,
      text.replyTo ?? null,
      text.sentAt,
    ],
  );
  if (rows.length === 0) return false;
  await database().query("select pg_notify($1, $2)", [INCOMING_CHANNEL, text.destination]);
  return true;
}

/**
 * Hands the oldest message nobody deals with to `work`, in one transaction with everything `work`
 * writes: answers posted, operations queued and "handled" stand or fall together. Several
 * processes may call it; each message is with one of them. A message whose work throws is tried
 * again, three times in all.
 *
 * @param work returns what became of it, in a few words for the record
 * @returns false when there is nothing to do
 * @throws what `work` threw
 */
export async function takeIncoming(
  work: (message: IncomingMessage) => Promise<string>,
): Promise<boolean> {
  let taken: string | undefined;
  try {
    return await inTransaction(async () => {
      const [row] = await database().query<{ id: string }>(
        `select id from incoming_message where handled_at is null
          order by id limit 1 for update skip locked`,
      );
      if (row === undefined) return false;
      taken = row.id;
      const message = await IncomingMessage.findByPk(row.id, { rejectOnEmpty: true });
      const outcome = await work(message);
      await message.update({ handledAt: new Date(), outcome, attempts: message.attempts + 1 });
      return true;
    });
  } catch (thrown) {
    if (taken !== undefined) await countFailure(taken);
    throw thrown;
  }
}

async function countFailure(id: string): Promise<void> {
  await outsideTransaction(() =>
    database().query(
      `update incoming_message
          set attempts = attempts + 1,
              handled_at = case when attempts + 1 >= $2 then now() end,
              outcome = case when attempts + 1 >= $2 then 'failed' end
        where id = $1 and handled_at is null`,
      [id, MAX_ATTEMPTS],
    ),
  );
}
