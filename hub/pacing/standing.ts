import { type Bundle, bundleKey, closeBundles, groupsTold, openBundles } from "./bundle.ts";
import { groupOf, type News } from "./news.ts";
import { liveThreads, threadKey } from "./notice.ts";
import { isOver, type LiveThread, type Standing } from "./place.ts";

/**
 * Reads what destinations were told and what waits for them, as far as these news ask; storms that
 * are over are closed. The destinations' rows are held.
 *
 * @param lines the news of each destination
 */
export async function readStandings(
  lines: ReadonlyMap<string, readonly News[]>,
  now: Date,
): Promise<Map<string, Standing>> {
  if (lines.size === 0) return new Map();
  const news = [...lines.values()].flat();
  const threads = news.flatMap(({ thread, decision: { destination } }) =>
    thread === undefined ? [] : [{ destination, thread }],
  );
  const groups = news.flatMap((one) => {
    const { destination, tempo } = one.decision;
    const waits = tempo.groupBy.length > 0 || tempo.waitMs > 0;
    return waits ? [{ destination, key: groupKey(one) }] : [];
  });
  const live = await liveThreads(threads, now);
  const told = await groupsTold(groups);
  const keys = [
    ...groups.map(({ key }) => key),
    ...threads.map(({ thread }) => `flapping ${thread}`),
  ];
  const bundles = await bundlesOf([...lines.keys()], keys, now);
  return new Map(
    [...lines].map(([destination, line]) => [
      destination,
      {
        threads: pickThreads(destination, line, live),
        bundles: bundles.get(destination) ?? new Map<string, Bundle>(),
        groups: pickGroups(destination, line, told),
      },
    ]),
  );
}

/** The bundle of a rule's group. */
export function groupKey(news: News): string {
  return `group ${groupOf(news, news.decision.tempo.groupBy)}`;
}

async function bundlesOf(
  destinations: string[],
  keys: string[],
  now: Date,
): Promise<Map<string, Map<string, Bundle>>> {
  const found = new Map<string, Map<string, Bundle>>();
  const over: string[] = [];
  for (const bundle of await openBundles(destinations, keys)) {
    if (isOver(bundle, now)) {
      over.push(bundle.id);
      continue;
    }
    const own = found.get(bundle.destination) ?? new Map<string, Bundle>();
    found.set(bundle.destination, own.set(bundle.key, bundle));
  }
  await closeBundles(over, now);
  return found;
}

function pickThreads(
  destination: string,
  line: readonly News[],
  live: ReadonlyMap<string, LiveThread>,
): Map<string, LiveThread> {
  const own = new Map<string, LiveThread>();
  for (const { thread } of line) {
    const known = thread === undefined ? undefined : live.get(threadKey(destination, thread));
    if (thread !== undefined && known !== undefined) own.set(thread, known);
  }
  return own;
}

function pickGroups(
  destination: string,
  line: readonly News[],
  told: ReadonlyMap<string, Date>,
): Map<string, Date> {
  const own = new Map<string, Date>();
  for (const one of line) {
    const time = told.get(bundleKey(destination, groupKey(one)));
    if (time !== undefined) own.set(groupKey(one), time);
  }
  return own;
}
