import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import { post } from "../delivery/outbox.ts";
import { bounceKind } from "./delivery-report.ts";

/** Mails that could not be delivered are remembered so long for the judgement of an address. */
const WINDOW_DAYS = 14;
/** A soft bounce counts so much of a hard one: an address that is always full is of no use. */
const SOFT_WEIGHT = 0.25;

export interface Judgement {
  /** Weight of bounces with which an address is suspended: `email.suspend_after`. */
  suspendAfter: number;
  /** Who is told of a suspension, besides whoever is known to be behind the address. */
  operators: readonly string[];
}

/**
 * Writes down that a delivery failed for good, once however often it is told, and suspends its
 * address when there were too many. Runs in the caller's transaction.
 *
 * @returns "suspended" when this was the one too many, "known" when it was told before
 */
export async function recordBounce(
  deliveryId: string,
  address: string,
  { status, diagnostic }: { status: string; diagnostic: string },
  judgement: Judgement,
): Promise<"known" | "counted" | "suspended"> {
  const kind = bounceKind(status);
  const rows = await database().query(
    `insert into mail_bounce (delivery_id, address, kind, status, diagnostic)
     values ($1, $2, $3, $4, $5) on conflict (delivery_id) do nothing returning 1`,
    [deliveryId, address, kind, status, diagnostic],
  );
  if (rows.length === 0) return "known";
  const [sum] = await database().query<{ weight: string }>(
    `select sum(case kind when 'hard' then 1 else $3::float8 end) as weight from mail_bounce
      where address = $1 and bounced_at > now() - $2 * interval '1 day'`,
    [address, WINDOW_DAYS, SOFT_WEIGHT],
  );
  if (Number(sum?.weight) < judgement.suspendAfter) return "counted";
  const reason = `mail to it is undeliverable: ${status} ${diagnostic}`.trim();
  return (await suspend(address, reason, judgement.operators)) ? "suspended" : "counted";
}

async function suspend(
  address: string,
  reason: string,
  operators: readonly string[],
): Promise<boolean> {
  const [row] = await database().query<{ stamp: string }>(
    `insert into mail_suspension (address, reason) values ($1, $2)
     on conflict (address) do nothing returning extract(epoch from suspended_at)::text as stamp`,
    [address, reason],
  );
  if (row === undefined) return false;
  const told = new Set([...operators, ...(await otherPlacesOf(`email:${address}`))]);
  for (const destination of told) {
    await post(destination, suspensionMessage(address, reason), {
      key: `mail-suspension:${address}:${row.stamp}:${destination}`,
      reason: "an address cannot be reached",
    });
  }
  return true;
}

/** Where else those hear who subscribed this address to something; mail is no help here. */
async function otherPlacesOf(destination: string): Promise<string[]> {
  const rows = await database().query<{ destination: string }>(
    `select distinct elsewhere.destination from subscription elsewhere
       join subscription here on here.owner = elsewhere.owner
      where here.destination = $1 and elsewhere.ended_at is null and elsewhere.destination !~ '^(email|webhook):' limit 5`,
    [destination],
  );
  return rows.map((row) => row.destination);
}

/** Rooms may be public: who it is about knows the address by its beginning. */
function suspensionMessage(address: string, reason: string): Message {
  return {
    tone: "attention",
    headline: ["Mail to ", { code: masked(address) }, " is suspended"],
    details: [
      [reason.replaceAll(address, masked(address))],
      ["What was meant for it is kept for 7 days."],
    ],
    next: ["When it works again, an operator types: mail resume ADDRESS"],
  };
}

/** `an…@example.org` */
function masked(address: string): string {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, Math.min(2, at))}…${address.slice(at)}`;
}
