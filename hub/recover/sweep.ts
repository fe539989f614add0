import { database, inTransaction } from "../../core/database/connect.ts";
import { emitRecovered } from "../../core/events/emit.ts";
import { stableUuid } from "../../core/events/uuid.ts";
import type { RecoverySource, UntoldEvent } from "../../core/modules/recovery.ts";
import type { Registry } from "../../core/operation/registry.ts";

/** A state is given so long to be told: events of others take their way over the bus. */
export const GRACE_MS = 10_000;
/** What was compared is compared again for so long: long transactions are seen late. */
const AGAIN_MINUTES = 10;
const BATCH = 2_000;

/** What of the events that modules emit can be found again, in the order of the modules. */
export function recoverySources({ modules }: Pick<Registry, "modules">): RecoverySource[] {
  return modules.flatMap((module) => module.recover ?? []);
}

/**
 * Compares the states of a source with the journal, from where the last one stopped, and tells what
 * was not told. The uuid of an event follows from the state, so that nothing is told twice; if
 * another hub is at it, nothing is done here.
 *
 * @param signal ends it between two transactions
 * @returns how many events were told
 */
export async function sweep(
  source: RecoverySource,
  { graceMs = GRACE_MS, signal }: { graceMs?: number; signal?: AbortSignal } = {},
): Promise<number> {
  await database().query("insert into recovery (source) values ($1) on conflict do nothing", [
    source.name,
  ]);
  let told = 0;
  let more = true;
  while (more && signal?.aborted !== true) {
    more = await inTransaction(async () => {
      const window = await lockWindow(source.name, graceMs);
      if (window === undefined) return false;
      const found = await source.find({ ...window, limit: BATCH });
      const fresh = found.length === 0 ? 0 : await tell(found);
      told += fresh;
      // What was found and told already in other words would be found for ever.
      const whole = found.length < BATCH || fresh === 0;
      await database().query(
        `update recovery
            set recovered = recovered + $2,
                looked_until = case when $3 then $4 else looked_until end
          where source = $1`,
        [source.name, fresh, whole, window.until],
      );
      return !whole;
    });
  }
  return told;
}

/** What the next sweep of a source would tell, or the beginning of it. */
export function preview(
  source: RecoverySource,
  limit: number,
  graceMs: number = GRACE_MS,
): Promise<UntoldEvent[]> {
  return inTransaction(async () => {
    const [window] = await database().query<{ from: Date; until: Date }>(
      `select ${WINDOW} from (select) as nobody left join recovery on source = $1`,
      [source.name, graceMs],
    );
    return window === undefined ? [] : source.find({ ...window, limit });
  });
}

/**
 * Nothing older than the journal is looked at: what has left it was told. The number of the oldest
 * event that is left says whether any has.
 */
const WINDOW = `
  greatest(coalesce(looked_until, now()) - interval '${AGAIN_MINUTES} minutes',
           (select numbered_at from event_number where sequence > 1 and sequence = (
              select min(sequence) from event_number))) as "from",
  now() - $2 * interval '1 millisecond' as until`;

async function lockWindow(
  source: string,
  graceMs: number,
): Promise<{ from: Date; until: Date } | undefined> {
  const [row] = await database().query<{ from: Date; until: Date }>(
    `select ${WINDOW} from recovery where source = $1 for update skip locked`,
    [source, graceMs],
  );
  return row;
}

function tell(found: readonly UntoldEvent[]): Promise<number> {
  return emitRecovered(
    found.map(({ key, tag, data, time }) => ({ tag, data, time, uuid: stableUuid(time, key) })),
  );
}
