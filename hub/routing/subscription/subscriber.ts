import { database, inTransaction } from "../../../core/database/connect.ts";
import { changedKeywords, type Keyword, type KeywordChange, USUAL_KEYWORDS } from "../keyword.ts";
import { newSubscriber, type Subscriber } from "./subscription.ts";

const COLUMNS = `destination, keywords, own_uploads as "ownUploads", own_packages as "ownPackages",
  declined, own_actions as "ownActions", muted_people as "mutedPeople"`;

/** What a destination prefers; the defaults when it never said anything. */
export async function subscriberOf(destination: string): Promise<Subscriber> {
  const [row] = await database().query<Subscriber>(
    `select ${COLUMNS} from subscriber where destination = $1`,
    [destination],
  );
  return row ?? newSubscriber(destination);
}

/** All that ever said something. */
export function listSubscribers(): Promise<Subscriber[]> {
  return database().query<Subscriber>(`select ${COLUMNS} from subscriber`);
}

/** Changes preferences; what is not named stays. @returns the whole */
export function changeSubscriber(
  destination: string,
  change: Partial<Omit<Subscriber, "destination">>,
): Promise<Subscriber> {
  return inTransaction(async () => {
    await database().query(
      "insert into subscriber (destination) values ($1) on conflict (destination) do nothing",
      [destination],
    );
    const after = { ...(await subscriberOf(destination)), ...change };
    await database().query(
      `update subscriber set keywords = $2, own_uploads = $3, own_packages = $4, declined = $5,
              own_actions = $6, muted_people = $7
        where destination = $1`,
      [
        destination,
        after.keywords,
        after.ownUploads,
        after.ownPackages,
        after.declined,
        after.ownActions,
        after.mutedPeople,
      ],
    );
    return after;
  });
}

/** Changes the kinds of news that a destination hears. @returns all it hears now */
export async function setKeywords(destination: string, change: KeywordChange): Promise<Keyword[]> {
  const { keywords } = await subscriberOf(destination);
  const after = changedKeywords(keywords ?? USUAL_KEYWORDS, change);
  await changeSubscriber(destination, { keywords: after });
  return after;
}
