import { randomUUID } from "node:crypto";
import { database } from "../../core/database/connect.ts";
import type { Bundle } from "./bundle.ts";
import type { News, StoredEvent } from "./news.ts";
import { closeBundles } from "./bundle.ts";
import { type Rendering, renderEvent } from "./render.ts";
import { insertDeliveries } from "./tell.ts";
import { pacingWords } from "./words.ts";

/**
 * Begins to remind of states that last, where a rule asks to be told again, and stops for those
 * that ended. The destinations' rows are held.
 */
export async function setReminders(news: readonly News[], now: Date): Promise<void> {
  const ended = news.filter(({ story }) => story.object !== undefined && story.lasts === false);
  const lasting = news.filter(
    ({ story, decision }) =>
      story.object !== undefined && story.lasts === true && decision.tempo.repeatMs > 0,
  );
  if (ended.length > 0) {
    await database().query(
      `update bundle set closed_at = $3, due_at = null
         from unnest($1::text[], $2::text[]) as ended (destination, key)
        where bundle.destination = ended.destination and bundle.key = ended.key
          and closed_at is null`,
      [ended.map(({ decision }) => decision.destination), ended.map(reminderKey), now],
    );
  }
  // Of an object that failed, recovered and failed, the last counts.
  const last = new Map(
    lasting.map((one) => [`${one.decision.destination} ${reminderKey(one)}`, one]),
  );
  const begun = [...last.values()].filter(
    (one) => !ended.some((end) => end.event.id > one.event.id && isSame(end, one)),
  );
  if (begun.length === 0) return;
  await database().query(
    `insert into bundle (destination, key, kind, opened_at, last_at, due_at, event_id, repeat_ms)
     select destination, key, 'reminder', $5, $5, $5::timestamptz + repeat_ms * interval '1 ms',
            event_id, repeat_ms
       from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
            as r (destination, key, event_id, repeat_ms)
     on conflict (destination, key) where closed_at is null do nothing`,
    [
      begun.map(({ decision }) => decision.destination),
      begun.map(reminderKey),
      begun.map(({ event }) => event.id),
      begun.map(({ decision }) => decision.tempo.repeatMs),
      now,
    ],
  );
}

/** Tells a lasting state again. False when its event is gone, and with it the reminder. */
export async function tellReminder(
  bundle: Bundle,
  rendering: Rendering,
  now: Date,
): Promise<boolean> {
  const [event] = await database().query<StoredEvent>(
    "select id, uuid, tag, data, time from event where id = $1",
    [bundle.eventId],
  );
  const said = event === undefined ? undefined : renderEvent(event, rendering);
  if (said === undefined || bundle.repeatMs === undefined) {
    await closeBundles([bundle.id], now);
    return false;
  }
  const { message, subject } = said;
  const say = pacingWords.in(message.language);
  await insertDeliveries([
    {
      id: randomUUID(),
      destination: bundle.destination,
      eventId: null,
      message: { ...message, headline: say("still", { line: message.headline }) },
      subject: { ...subject, object: bundle.key.replace(/^reminder /, "") },
      reason: "reminder of a state that lasts",
    },
  ]);
  await database().query("update bundle set due_at = $2, told_at = $3 where id = $1", [
    bundle.id,
    new Date(now.getTime() + bundle.repeatMs),
    now,
  ]);
  return true;
}

function reminderKey({ story }: News): string {
  return `reminder ${story.object}`;
}

function isSame(one: News, other: News): boolean {
  return (
    one.decision.destination === other.decision.destination &&
    one.story.object === other.story.object
  );
}
