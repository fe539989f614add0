import prettyMilliseconds from "pretty-ms";
import { database } from "../core/database/connect.ts";
import type { Message } from "../core/message.ts";

/** A command that waits longer means that no bot works, or that it cannot keep up. */
const LONG_MS = 60_000;

/** What `doctor` says of the bot: whether what people type is heard. */
export async function checkInbox(): Promise<Message[]> {
  const [row] = await database().query<{ count: string; age: number | null }>(
    `select count(*) as count,
            (extract(epoch from now() - min(received_at)) * 1000)::float8 as age
       from incoming_message where handled_at is null`,
  );
  const age = row?.age ?? 0;
  if (age < LONG_MS) return [{ tone: "good", headline: ["The bot hears what people type."] }];
  const waited = prettyMilliseconds(age, { unitCount: 1 });
  return [
    {
      tone: "bad",
      headline: [`Messages of people wait for the bot: ${row?.count}, the oldest for ${waited}.`],
      next: ["Start it (lk up, or lk bot), or look at its log for what stops it."],
    },
  ];
}
