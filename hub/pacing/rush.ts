/** So many events within so long are a rush. */
const RUSH = { events: 30, withinMs: 10_000 };

/**
 * Tells a rush from news that come by and by: in a rush, more events are to be expected, and mails
 * wait for them, also when each comes by itself.
 *
 * @returns a function that is told of each batch how many events it has, and says whether it is
 *   part of a rush
 */
export function createRushWatch(): (events: number, now: Date) => boolean {
  let batches: { at: number; events: number }[] = [];
  return (events, now) => {
    const at = now.getTime();
    batches = [...batches.filter((batch) => batch.at > at - RUSH.withinMs), { at, events }];
    return batches.reduce((sum, batch) => sum + batch.events, 0) > RUSH.events;
  };
}
