import { database, inTransaction } from "../../core/database/connect.ts";
import type { Language } from "../../core/language/language.ts";
import type { ChannelKind } from "../channels/channel.ts";
import type { Budget } from "./bucket.ts";
import { nextOf, type QuietHours } from "./hours.ts";
import { type Digest, lockPaced, type Preference } from "./preference.ts";

/** What is to change; null is back to the default, which is none of it. */
export interface PreferenceChange {
  zone?: string;
  quiet?: QuietHours | null;
  digest?: Digest | null;
  /** "none": every event by itself, however many. */
  budget?: Budget | "none" | null;
  language?: Language | null;
}

/** In the column for the messages of a budget: there is none. */
const UNLIMITED = 0;

/**
 * Writes down how a destination wants to be told, and lets what waits there follow: what waited
 * for a digest or the end of quiet hours that are no more is told now.
 *
 * @param by who asks, for "who did that"
 */
export function setPreference(
  destination: string,
  change: PreferenceChange,
  { by, kinds, now }: { by: string; kinds: readonly ChannelKind[]; now: Date },
): Promise<Preference | undefined> {
  return inTransaction(async () => {
    await lockPaced([destination], kinds, now);
    const columns = columnsOf(change);
    const names = [...columns.keys()];
    await database().query(
      `update pace set ${names.map((name, index) => `${name} = $${index + 4}, `).join("")}
              tokens = null, tokens_at = null, set_by = $2, set_at = $3
        where destination = $1`,
      [destination, by, now, ...columns.values()],
    );
    const preference = (await lockPaced([destination], kinds, now)).get(destination)?.preference;
    if (preference !== undefined) await follow(destination, preference, now);
    return preference;
  });
}

function columnsOf({
  zone,
  quiet,
  digest,
  budget,
  language,
}: PreferenceChange): Map<string, unknown> {
  const columns = new Map<string, unknown>();
  if (zone !== undefined) columns.set("zone", zone);
  if (language !== undefined) columns.set("language", language);
  if (quiet !== undefined) {
    columns.set("quiet_from", quiet?.from ?? null).set("quiet_to", quiet?.to ?? null);
  }
  if (digest !== undefined) {
    columns.set("digest_at", digest?.at ?? null).set("digest_after", digest?.after ?? null);
  }
  if (budget !== undefined) {
    const given = budget === "none" ? { messages: UNLIMITED, seconds: null } : budget;
    columns.set("budget_messages", given?.messages ?? null);
    columns.set("budget_seconds", given?.seconds ?? null);
  }
  return columns;
}

/** Quiet hours are looked at again when something is due; digests have their own times. */
async function follow(destination: string, { digest, zone }: Preference, now: Date): Promise<void> {
  const times = digest?.at ?? [];
  await database().query(
    `update bundle set due_at = case when kind = 'digest' then $2 else $3::timestamptz end
      where destination = $1 and kind in ('digest', 'quiet') and closed_at is null
        and due_at is not null`,
    [destination, times.length > 0 ? nextOf(times, zone, now) : now, now],
  );
}
