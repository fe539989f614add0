import { database, inTransaction } from "../../core/database/connect.ts";
import { asError } from "../../core/errors.ts";
import { type Bundle, closeBundles, dueBundles, postpone } from "./bundle.ts";
import { nextToken } from "./bucket.ts";
import { tellBundled } from "./gathered.ts";
import { quietUntil } from "./hours.ts";
import type { Pacing } from "./pace.ts";
import { EDIT_COST } from "./place.ts";
import { paced, type Paced, type PaceRow, storeTokens } from "./preference.ts";
import { inLanguage } from "./render.ts";
import { tellReminder } from "./reminder.ts";

/** So many destinations are looked at in one round. */
const ROUND = 50;
/** A destination that could not be told is left alone for so long. */
const FAILURE_PAUSE_MS = 60_000;

/**
 * Tells what is due, a destination in a transaction each; several hubs may do so at once.
 *
 * @returns how many destinations were served, and when the next bundle is due
 */
export async function flushDue(
  pacing: Pacing,
  now: Date,
): Promise<{ served: number; next: Date | undefined }> {
  const due = await database().query<{ destination: string }>(
    `select destination from bundle where closed_at is null and due_at <= $1
      group by destination order by min(due_at) limit ${ROUND}`,
    [now],
  );
  let served = 0;
  for (const { destination } of due) {
    try {
      if (await serve(destination, pacing, now)) served++;
    } catch (thrown) {
      // One that fails must not hold up all others, now or in the next round.
      pacing.log.error({ err: asError(thrown), destination }, "cannot tell what is due");
      await putOff(destination, now);
    }
  }
  const [next] = await database().query<{ due_at: Date }>(
    `select due_at from bundle where closed_at is null and due_at > $1 order by due_at limit 1`,
    [now],
  );
  return { served, next: next?.due_at };
}

/** Lets all that is due for a destination wait for another minute. */
function putOff(destination: string, now: Date): Promise<void> {
  return inTransaction(async () => {
    await database().query("select from pace where destination = $1 for update", [destination]);
    const later = new Date(now.getTime() + FAILURE_PAUSE_MS);
    await postpone(await dueBundles(destination, now), later);
  });
}

/** False when another hub holds the destination. */
function serve(destination: string, pacing: Pacing, now: Date): Promise<boolean> {
  return inTransaction(async () => {
    const [row] = await database().query<PaceRow>(
      "select * from pace where destination = $1 for update skip locked",
      [destination],
    );
    if (row === undefined) return false;
    const one = paced(row, pacing.kinds, now);
    await flushDestination(one, pacing, now);
    await storeTokens([one], now);
    return true;
  });
}

/** Tells what is due for a destination whose row is held, as far as quiet hours and budget allow. */
export async function flushDestination(one: Paced, pacing: Pacing, now: Date): Promise<void> {
  const due = await dueBundles(one.destination, now);
  if (due.length === 0) return;
  const { quiet, zone } = one.preference;
  const until = quiet === undefined ? undefined : quietUntil(quiet, zone, now);
  if (until !== undefined) return postpone(due, until);
  for (const message of messagesOf(await affordable(due, one, now), one)) {
    await tellMessage(message, one, pacing, now);
  }
}

/** Mails wait for the budget, so that many become one; what has a time of its own is told then. */
async function affordable(due: Bundle[], one: Paced, now: Date): Promise<Bundle[]> {
  const { budget } = one.preference;
  if (one.readers !== "mail" || budget === undefined || one.tokens >= 1) return due;
  const timed = due.filter(({ kind }) => kind === "digest" || kind === "quiet");
  const others = due.filter((bundle) => !timed.includes(bundle));
  // What is told anyway may as well take the rest along.
  if (timed.length > 0) return due;
  await postpone(others, nextToken(one.tokens, budget, now));
  return [];
}

/**
 * Which bundles share a message: groups are apart as their rules say, as long as the budget has
 * room for them; a storm of a chat is apart because its message grows; the rest is one.
 */
function messagesOf(due: readonly Bundle[], one: Paced): Bundle[][] {
  const reminders = due.filter(({ kind }) => kind === "reminder");
  const storms = due.filter(({ kind }) => kind === "storm" && one.readers === "chat");
  const groups = due.filter(({ kind }) => kind === "group");
  const summaries = due.filter((bundle) => ![...reminders, ...storms, ...groups].includes(bundle));
  const room = Math.max(0, Math.floor(one.tokens) - (summaries.length > 0 ? 1 : 0));
  const apart = groups.length <= room ? groups : groups.slice(0, Math.max(0, room - 1));
  const together = [...summaries, ...groups.slice(apart.length)];
  return [...storms, ...apart, ...reminders]
    .map((bundle) => [bundle])
    .concat(together.length === 0 ? [] : [together]);
}

async function tellMessage(
  [bundle, ...others]: Bundle[],
  one: Paced,
  pacing: Pacing,
  now: Date,
): Promise<void> {
  if (bundle === undefined) return;
  const rendering = inLanguage(pacing, one.preference.language);
  if (bundle.kind === "reminder") {
    const { budget } = one.preference;
    if (budget !== undefined && one.tokens < 1) {
      await postpone([bundle], nextToken(one.tokens, budget, now));
    } else if (await tellReminder(bundle, rendering, now)) one.tokens -= 1;
    return;
  }
  await merge(bundle, others, now);
  const grows = bundle.kind === "storm" && one.readers === "chat";
  const { zone } = one.preference;
  const done = await tellBundled(bundle, { zone, grows, now }, rendering);
  if (done !== "nothing") one.tokens -= done === "sent" ? 1 : EDIT_COST;
}

/** Lets what waits in other bundles be told with this one. */
async function merge(bundle: Bundle, others: readonly Bundle[], now: Date): Promise<void> {
  if (others.length === 0) return;
  const ids = others.map(({ id }) => id);
  await database().query(
    "update notice set bundle_id = $1 where bundle_id = any($2) and state = 'held'",
    [bundle.id, ids],
  );
  await closeBundles(ids, now);
}
