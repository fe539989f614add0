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
  /** Without the mention of us that it begins with, if it does. */
  body: string;
  /** Said to us and nobody else, as far as the channel knows: no `!lk` is needed. */
  addressed?: boolean;
  /** Remote id of the root of the thread it was said in. */
  thread?: string;
  /** Remote id of the message it answers. */
  replyTo?: string;
  sentAt: Date;
}

/** A message is handed out this often; after that it is given up. */
export const MAX_ATTEMPTS = 3;

/**
 * Keeps a message of a person: durable when it resolves (or when the running transaction commits),
 * and the same message a second time changes nothing.
 *
 * @returns false when it was known already
 */
export async function receive(text: IncomingText): Promise<boolean> {
  const rows = await database().query<{ id: string }>(
    `insert into incoming_message
       (destination, message_id, sender, body, addressed, thread, reply_to, sent_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (destination, message_id) do nothing returning id`,
    [
      text.destination,
      text.messageId,
      text.sender,
      // PostgreSQL's text has no U+0000.
      text.body.replaceAll("\0", "\ufffd"),
      text.addressed ?? false,
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
 * processes may call it: each message is with one of them, and those of a destination come one
 * after the other, in their order.
 *
 * The attempt is counted, durably, before it begins, so that one that takes the whole process down
 * counts as well. A message that was tried three times in vain goes to `giveUp` instead.
 *
 * @param work returns what became of it, in a few words for the record
 * @param giveUp the same, for a message that is not tried again: it tells whoever waits
 * @returns false when there is nothing to do
 * @throws what `work` or `giveUp` threw
 */
export function takeIncoming(
  work: (message: IncomingMessage) => Promise<string>,
  giveUp: (message: IncomingMessage) => Promise<string> = putAside,
): Promise<boolean> {
  return inTransaction(async () => {
    const id = await claimOldest();
    if (id === undefined) return false;
    await countAttempt(id);
    const message = await IncomingMessage.findByPk(id, { rejectOnEmpty: true });
    let deal = message.attempts > MAX_ATTEMPTS ? giveUp : work;
    // Not even giving up works: the others in the room must not wait for ever.
    if (message.attempts > 2 * MAX_ATTEMPTS) deal = putAside;
    await message.update({ outcome: await deal(message), handledAt: new Date() });
    return true;
  });
}

/**
 * Takes the oldest destination that nobody is at, until the transaction ends. The lock is on the
 * destination and not on the message's row, which must stay free for counting the attempt.
 *
 * @returns the id of its oldest message
 */
async function claimOldest(): Promise<string | undefined> {
  const waiting = await database().query<{ destination: string }>(
    `select destination from incoming_message where handled_at is null
      group by destination order by min(id)`,
  );
  for (const { destination } of waiting) {
    const [lock] = await database().query<{ got: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got",
      [`incoming ${destination}`],
    );
    if (lock?.got !== true) continue;
    // Looked at anew: whoever was here before may have dealt with what was waiting.
    const [row] = await database().query<{ id: string }>(
      `select id from incoming_message where destination = $1 and handled_at is null
        order by id limit 1`,
      [destination],
    );
    if (row !== undefined) return row.id;
  }
  return undefined;
}

async function countAttempt(id: string): Promise<void> {
  await outsideTransaction(() =>
    database().query("update incoming_message set attempts = attempts + 1 where id = $1", [id]),
  );
}

function putAside(): Promise<string> {
  return Promise.resolve("failed");
}
