import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { database, inTransaction } from "../database/connect.ts";
import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Service } from "../service.ts";
import { emitEvent } from "./emit.ts";
import type { Source } from "./follower.ts";

export interface SourceWatchOptions {
  /** Who listens; with the name of this machine it names the view. */
  reader: string;
  sources: () => readonly Source[];
  log: Log;
  /** A Lighthouse that does not show for so long is silent. */
  silentAfterMs?: number;
  lookMs?: number;
}

const SILENT_AFTER_MS = 30_000;
const LOOK_MS = 5_000;

/**
 * Keeps in the database how the Lighthouses are heard, and tells people when one falls silent and
 * when it is back: once each, in the transaction that notes it.
 */
export function createSourceWatch(options: SourceWatchOptions): Service {
  const stopping = new AbortController();
  const { log, lookMs = LOOK_MS } = options;
  let loop: Promise<void> = Promise.resolve();

  async function run(since: Date): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(lookMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        await noteSources(options, since);
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot note how Lighthouses are heard");
      }
    }
  }

  return {
    name: "bus watch",
    start() {
      loop = run(new Date());
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** Notes how each Lighthouse is heard now. @param since when we began to listen */
async function noteSources(options: SourceWatchOptions, since: Date): Promise<void> {
  const reader = `${options.reader} on ${hostname()}`;
  const sources = options.sources();
  const { silentAfterMs = SILENT_AFTER_MS } = options;
  await inTransaction(async () => {
    await database().query(
      "delete from bus_source where reader = $1 and endpoint <> all ($2::text[])",
      [reader, sources.map(({ endpoint }) => endpoint)],
    );
    for (const source of sources) {
      await noteSource(reader, source);
      const last = source.alive ?? since;
      if (Date.now() - last.getTime() > silentAfterMs) await fallSilent(reader, source, last);
      else await comeBack(reader, source);
    }
  });
}

async function noteSource(reader: string, { endpoint, lighthouse, alive }: Source): Promise<void> {
  await database().query(
    `insert into bus_source (reader, endpoint, lighthouse, heard_at) values ($1, $2, $3, $4)
     on conflict (reader, endpoint) do update
        set lighthouse = coalesce(excluded.lighthouse, bus_source.lighthouse),
            heard_at = coalesce(excluded.heard_at, bus_source.heard_at)`,
    [reader, endpoint, lighthouse ?? null, alive ?? null],
  );
}

async function fallSilent(reader: string, { endpoint }: Source, last: Date): Promise<void> {
  const changed = await database().query(
    `update bus_source set silent_since = $3
      where reader = $1 and endpoint = $2 and silent_since is null returning endpoint`,
    [reader, endpoint, last],
  );
  if (changed.length === 0) return;
  const data = { endpoint, seen_from: hostname(), since: last.toISOString() };
  await emitEvent("_lk.lighthouse.silent", data);
}

async function comeBack(reader: string, { endpoint }: Source): Promise<void> {
  const [before] = await database().query<{ since: Date }>(
    `select silent_since as since from bus_source
      where reader = $1 and endpoint = $2 and silent_since is not null for update`,
    [reader, endpoint],
  );
  if (before === undefined) return;
  await database().query(
    "update bus_source set silent_since = null where reader = $1 and endpoint = $2",
    [reader, endpoint],
  );
  const data = { endpoint, seen_from: hostname(), since: before.since.toISOString() };
  await emitEvent("_lk.lighthouse.recovered", data);
}
