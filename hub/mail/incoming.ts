import { createHash } from "node:crypto";
import { database, inTransaction } from "../../core/database/connect.ts";
import { outsideTransaction } from "../../core/database/transaction.ts";

/** NOTIFY channel of mail that came in; a wake-up, never the carrier. */
export const INCOMING_MAIL_CHANNEL = "lk_incoming_mail";

/** A mail as the mail server hands it over. */
export interface HandedOver {
  /** Of the envelope; "" when nobody said. */
  recipient: string;
  /** Of the envelope; "" for reports and other mail that must not be answered. */
  sender: string;
  source: Buffer;
}

/** One that waits. */
export interface IncomingMail extends HandedOver {
  id: string;
  attempts: number;
}

/**
 * So much of a mail is kept: commands and reports stand at its beginning. Refusing longer ones
 * would answer an undeliverable mail with another.
 */
export const KEPT_BYTES = 1 << 20;
/** A mail is tried this often; after that it is put aside. */
const MAX_ATTEMPTS = 3;
/** Beyond this many at a time, other processes have theirs. */
const CANDIDATES = 20;
/** What has been dealt with is kept so long, to look at. */
const KEPT_DAYS = 30;

/**
 * Keeps a mail: durable when it resolves, and the same mail a second time changes nothing.
 *
 * @returns false when it was known already
 */
export async function receiveMail({ recipient, sender, source }: HandedOver): Promise<boolean> {
  const kept = source.subarray(0, KEPT_BYTES);
  const digest = createHash("sha256").update(`${recipient}\0`).update(source).digest("hex");
  const [from, to] = [sender, recipient].map((text) => text.replaceAll("\0", "").slice(0, 1_000));
  const rows = await database().query(
    `insert into incoming_mail (recipient, sender, source, digest) values ($1, $2, $3, $4)
     on conflict (digest) do nothing returning id`,
    [to, from, kept, digest],
  );
  if (rows.length === 0) return false;
  await database().query("select pg_notify($1, '')", [INCOMING_MAIL_CHANNEL]);
  return true;
}

/**
 * Whether our mail of a delivery came back to us as a mail server delivered it: what its address
 * pipes into `lk mail receive`. A report that quotes it has no envelope sender (RFC 3464, 2).
 */
export async function wasHandedOver(deliveryId: string): Promise<boolean> {
  const rows = await database().query(
    `select from incoming_mail
      where received_at > now() - interval '1 hour' and sender <> ''
        and position(convert_to(E'\\nMessage-ID: <' || $1 || '@', 'UTF8') in source) > 0 limit 1`,
    [deliveryId],
  );
  return rows.length > 0;
}

/**
 * Hands the oldest mail nobody deals with to `work`, in one transaction with everything it writes.
 * Several processes may call it. The attempt is counted before it begins, durably, so that a mail
 * that takes the whole process down is put aside in the end.
 *
 * @param work returns what became of it, in a few words
 * @returns false when there is nothing to do
 * @throws what `work` threw
 */
export function takeMail(work: (mail: IncomingMail) => Promise<string>): Promise<boolean> {
  return inTransaction(async () => {
    const id = await claim();
    if (id === undefined) return false;
    await outsideTransaction(() =>
      database().query("update incoming_mail set attempts = attempts + 1 where id = $1", [id]),
    );
    const [mail] = await database().query<IncomingMail>(
      "select id, recipient, sender, source, attempts from incoming_mail where id = $1",
      [id],
    );
    if (mail === undefined) return true;
    const outcome =
      mail.attempts > MAX_ATTEMPTS ? "put aside: it failed too often" : await work(mail);
    await database().query(
      "update incoming_mail set handled_at = now(), outcome = $2 where id = $1",
      [id, outcome.slice(0, 500)],
    );
    return true;
  });
}

/** The lock is none on the row, which must stay free for counting the attempt. */
async function claim(): Promise<string | undefined> {
  const waiting = await database().query<{ id: string }>(
    "select id from incoming_mail where handled_at is null order by id limit $1",
    [CANDIDATES],
  );
  for (const { id } of waiting) {
    const [row] = await database().query<{ got: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got",
      [`incoming mail ${id}`],
    );
    if (row?.got !== true) continue;
    // Looked at anew: whoever had it before may be done with it.
    const [open] = await database().query(
      "select 1 from incoming_mail where id = $1 and handled_at is null",
      [id],
    );
    if (open !== undefined) return id;
  }
  return undefined;
}

/** Drops what was dealt with long ago. */
export async function expireIncoming(): Promise<void> {
  await database().query(
    "delete from incoming_mail where handled_at < now() - $1 * interval '1 day'",
    [KEPT_DAYS],
  );
  await database().query("delete from mail_answer where answered_at < now() - interval '1 day'");
}
