import type { Settings } from "../../core/config.ts";
import { database, inTransaction } from "../../core/database/connect.ts";
import type { MailStanding, Outgoing } from "../channels/channel.ts";
import { LOCAL_ROOM } from "../channels/room/room.ts";
import { wakeDispatcher } from "../delivery/outbox.ts";
import { type Judgement, recordBounce } from "./bounce.ts";

/** Stands for all mail in table `mail_refusal`. */
export const ALL_MAIL = "*";
const SUSPENDED = "suspended: ";

/** How it stands with addresses, by the tables of bounces, suspensions and refusals. */
export function mailStanding(settings: Settings): MailStanding {
  const judgement = judgementOf(settings);
  return {
    withheld,
    async bounced(deliveryId, address, how) {
      await inTransaction(() => recordBounce(deliveryId, address, how, judgement));
    },
  };
}

/** When addresses are suspended, and that the rooms of the configuration hear of it. */
export function judgementOf({ config }: Settings): Judgement {
  const { homeserver, room } = config.matrix;
  const rooms = homeserver === "" ? [] : room.map((one) => `matrix:${one}`);
  return { suspendAfter: config.email.suspend_after, operators: [LOCAL_ROOM, ...rooms] };
}

/**
 * Why a mail is not to be sent: its address is suspended, or whoever reads it wants no mail, or
 * none for any of the reasons this one has. Answers go out always: who writes is there.
 */
async function withheld(delivery: Withholdable): Promise<string | undefined> {
  const { address, subject } = delivery;
  if (subject.answer === true) return undefined;
  const refs = refsOf(delivery);
  const [row] = await database().query<{ reason: string | null; refused: string[] }>(
    `select (select reason from mail_suspension where address = $1) as reason,
            array(select what from mail_refusal where address = $1) as refused`,
    [address],
  );
  if (row === undefined) return undefined;
  if (row.reason !== null) return `${SUSPENDED}${row.reason}`;
  if (row.refused.includes(ALL_MAIL)) return "unsubscribed from all mail";
  const unwanted = refs.every((ref) => row.refused.includes(ref));
  return unwanted ? `unsubscribed from ${refs.join(", ")}` : undefined;
}

type Withholdable = Pick<Outgoing, "address" | "reason" | "subject">;

/** What made a mail come, as it can be ended: by its name where routing gave none. */
export function refsOf({ reason, subject }: Omit<Withholdable, "address">): readonly string[] {
  const { because = [] } = subject;
  return because.length === 0 ? [`reason:${reason}`] : because;
}

/** Writes down that an address does not want mail any more: all, or what one reason brings. */
export async function refuseMail(address: string, what: string): Promise<void> {
  await database().query(
    "insert into mail_refusal (address, what) values ($1, $2) on conflict do nothing",
    [address, what],
  );
}

/** Takes such words back: whoever subscribes wants mail. */
export async function welcomeMail(address: string): Promise<void> {
  await database().query("delete from mail_refusal where address = $1", [address]);
}

/**
 * Lets mail go to an address again, and what was withheld during the last seven days at once.
 *
 * @returns how many mails wait for it now; undefined when it was not suspended
 */
export function resumeMail(address: string): Promise<number | undefined> {
  return inTransaction(async () => {
    const rows = await database().query(
      "delete from mail_suspension where address = $1 returning 1",
      [address],
    );
    if (rows.length === 0) return undefined;
    await database().query("delete from mail_bounce where address = $1", [address]);
    const again = await database().query(
      `update delivery set state = 'pending', number = default, attempts = 0, finished_at = null,
              next_attempt_at = now(), give_up_at = now() + interval '7 days', lease_until = null
        where destination = $1 and state = 'cancelled' and starts_with(last_error, $2)
          and finished_at > now() - interval '7 days'
       returning 1`,
      [`email:${address}`, SUSPENDED],
    );
    await wakeDispatcher();
    return again.length;
  });
}

export interface Suspension {
  address: string;
  reason: string;
  suspended_at: Date;
  /** Mails of the last seven days that would go out. */
  withheld: number;
}

/** The addresses that get no mail, the latest first. */
export function listSuspensions(): Promise<Suspension[]> {
  return database().query<Suspension>(
    `select address, reason, suspended_at,
            (select count(*)::int from delivery
              where destination = 'email:' || address and state = 'cancelled'
                and starts_with(last_error, $1) and finished_at > now() - interval '7 days') as withheld
       from mail_suspension order by suspended_at desc`,
    [SUSPENDED],
  );
}
