import { database, inTransaction } from "../../core/database/connect.ts";
import { addressOf, channelOf } from "../destination.ts";
import { endReason, unsubscribeAll } from "../routing/subscription/store.ts";
import { ALL_MAIL, refsOf, refuseMail } from "./standing.ts";

/** A mail that somebody wants to have been the last of its kind. */
export interface EndableMail {
  address: string;
  /** What made it come, for the reader. */
  reason: string;
  refs: readonly string[];
}

/** The mail of a delivery, or undefined when it is not known any more. */
export async function endableMail(deliveryId: string): Promise<EndableMail | undefined> {
  const [row] = await database().query<{
    destination: string;
    reason: string;
    subject: { because?: string[] };
  }>("select destination, reason, subject from delivery where id = $1", [deliveryId]);
  if (row === undefined || channelOf(row.destination) !== "email") return undefined;
  const { destination, reason, subject } = row;
  return { address: addressOf(destination), reason, refs: refsOf({ reason, subject }) };
}

/** Ends all that made a mail come, and nothing else. A second time changes nothing. */
export function endReasons({ address, refs }: EndableMail): Promise<void> {
  return inTransaction(async () => {
    const destination = `email:${address}`;
    for (const ref of refs) {
      const ended = await endReason(ref, destination, destination);
      // A rule of the configuration, or words only: kept back on the way out.
      if (!ended) await refuseMail(address, ref);
    }
  });
}

/** Ends all mail to an address, whatever makes it come. Whoever subscribes again gets mail again. */
export function endAllMail(address: string): Promise<void> {
  return inTransaction(async () => {
    await unsubscribeAll(`email:${address}`, `email:${address}`);
    await refuseMail(address, ALL_MAIL);
  });
}
