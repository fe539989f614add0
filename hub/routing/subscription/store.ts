import { database, inTransaction } from "../../../core/database/connect.ts";
import { parseExpression } from "../expression/parse.ts";
import type { Keyword } from "../keyword.ts";
import { changeSubscriber, subscriberOf } from "./subscriber.ts";
import type { Subscription, Wanted } from "./subscription.ts";

export interface NewSubscription extends Wanted {
  /** In its canonical spelling. */
  destination: string;
  keywords?: Keyword[] | null;
  /** Who may end it. */
  owner: string;
  createdBy: string;
}

/** As a `Subscription`. */
export const COLUMNS = `id, destination, kind, value, condition, keywords, muted, owner,
  created_by as "createdBy", created_at as "createdAt"`;

/**
 * Lets a destination hear of something, or finds the subscription that says the same. A package
 * that it had declined to hear of is declined no longer.
 *
 * @throws OperatorError `BAD_EXPRESSION` for a condition that cannot be read
 */
export function subscribe(
  wanted: NewSubscription,
): Promise<{ subscription: Subscription; isNew: boolean }> {
  parseExpression(wanted.condition);
  const { destination, kind, value, condition, keywords = null, owner, createdBy } = wanted;
  return inTransaction(async () => {
    if (isOfPackage(kind)) await undecline(destination, value);
    const [fresh] = await database().query<Subscription>(
      `insert into subscription
         (destination, kind, value, condition, keywords, owner, created_by)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (destination, kind, value, condition) where ended_at is null do nothing
       returning ${COLUMNS}`,
      [destination, kind, value, condition, keywords, owner, createdBy],
    );
    if (fresh !== undefined) return { subscription: fresh, isNew: true };
    const [known] = await listSubscriptions({ destination, kind, value, condition });
    if (known === undefined) throw new Error("a subscription was stored and is gone again");
    return { subscription: known, isNew: false };
  });
}

/** What must be equal; what is not named is not asked. */
export interface Which extends Partial<Wanted> {
  id?: string;
  destination?: string;
}

/** What is subscribed to, oldest first. */
export function listSubscriptions(which: Which = {}): Promise<Subscription[]> {
  return database().query<Subscription>(
    `select ${COLUMNS} from subscription where ended_at is null and ${WHICH} order by id`,
    parametersOf(which),
  );
}

/**
 * Ends subscriptions. A destination that ends one to a package does not hear of it as the
 * package's maintainer either; see `declined` of its preferences.
 *
 * @param by who ends them
 * @returns what was ended; empty when nothing fitted
 */
export function unsubscribe(which: Which, by: string): Promise<Subscription[]> {
  return inTransaction(async () => {
    const { destination, kind, value } = which;
    if (destination !== undefined && value !== undefined && isOfPackage(kind ?? "package")) {
      await decline(destination, value);
    }
    const ended = await database().query<Subscription>(
      `update subscription set ended_at = now(), ended_by = $6
        where ended_at is null and ${WHICH} returning ${COLUMNS}`,
      [...parametersOf(which), by],
    );
    return ended.toSorted((a, b) => Number(a.id) - Number(b.id));
  });
}

/** Ends all that a destination hears of, by itself or by default; it can subscribe again. */
export function unsubscribeAll(destination: string, by: string): Promise<Subscription[]> {
  return inTransaction(async () => {
    await changeSubscriber(destination, { ownPackages: false, ownUploads: false });
    return unsubscribe({ destination }, by);
  });
}

/**
 * Ends what made a message come, as a reason's `ref` names it: `subscription:17`,
 * `own-packages:bash`, `own-uploads`. Nothing happens twice.
 *
 * @returns false when there is nothing that the reader can end: a rule of the configuration
 */
export async function endReason(ref: string, destination: string, by: string): Promise<boolean> {
  const [what = "", name = ""] = /^([a-z-]+)(?::(.*))?$/s.exec(ref)?.slice(1) ?? [];
  switch (what) {
    case "subscription":
      // Another destination's number must end nothing.
      if (/^\d{1,18}$/.test(name)) await unsubscribe({ id: name, destination }, by);
      return true;
    case "own-packages":
      await decline(destination, name);
      return true;
    case "own-uploads":
      await changeSubscriber(destination, { ownUploads: false });
      return true;
    default:
      return false;
  }
}

/** Sets the keywords of one subscription; null: those of its destination again. */
export async function setSubscriptionKeywords(
  id: string,
  keywords: readonly Keyword[] | null,
): Promise<void> {
  await database().query("update subscription set keywords = $2 where id = $1", [id, keywords]);
}

/** What a member of a team does not want to hear of: names of packages, `*` for all. */
export async function setMuted(id: string, muted: readonly string[]): Promise<void> {
  await database().query("update subscription set muted = $2 where id = $1", [id, muted]);
}

const WHICH = `($1::bigint is null or id = $1) and ($2::text is null or destination = $2)
  and ($3::text is null or kind = $3) and ($4::text is null or value = $4)
  and ($5::text is null or condition = $5)`;

function parametersOf({ id, destination, kind, value, condition }: Which): unknown[] {
  return [id, destination, kind, value, condition];
}

function isOfPackage(kind: string): boolean {
  return kind === "package" || kind === "source";
}

async function decline(destination: string, name: string): Promise<void> {
  if (!destination.startsWith("email:")) return;
  const { declined } = await subscriberOf(destination);
  if (!declined.includes(name)) {
    await changeSubscriber(destination, { declined: [...declined, name] });
  }
}

async function undecline(destination: string, name: string): Promise<void> {
  const { declined } = await subscriberOf(destination);
  if (!declined.includes(name)) return;
  await changeSubscriber(destination, { declined: declined.filter((one) => one !== name) });
}
