import { database } from "../../../core/database/connect.ts";
import type { SubscriptionBook } from "./book.ts";
import { COLUMNS } from "./store.ts";
import type { Subscription } from "./subscription.ts";

interface Changed extends Subscription {
  ended: boolean;
}

/**
 * Brings a book from one version to the state of the table: what changed since, or all after a
 * real delete.
 */
export async function refreshBook(
  book: SubscriptionBook,
  known: string,
  reset: string,
): Promise<void> {
  const whole = BigInt(reset) > BigInt(known) || book.size === 0;
  if (whole) book.clear();
  const rows = await database().query<Changed>(
    whole
      ? `select ${COLUMNS}, false as ended from subscription where ended_at is null order by id`
      : `select ${COLUMNS}, ended_at is not null as ended from subscription
          where version > $1 order by id`,
    whole ? [] : [known],
  );
  for (const { ended, ...subscription } of rows) {
    if (ended) book.remove(subscription.id);
    else book.put(subscription);
  }
}
