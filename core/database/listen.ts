import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Service } from "../service.ts";
import { database } from "./connect.ts";

const RECONNECT_MS = 1_000;

/**
 * LISTENs on a connection of its own and comes back when that is lost. Notifications are wake-ups
 * only, so nothing is missed meanwhile: after each connection all bells are rung once.
 *
 * @param bells what to do for each NOTIFY channel, given the payload ("" after a connection)
 */
export function createListener(
  bells: Record<string, (payload: string) => void>,
  log: Log,
): Service {
  const stopping = new AbortController();
  let client: pg.Client | undefined;

  async function connect(): Promise<void> {
    const fresh = await database().client();
    fresh.on("notification", ({ channel, payload }) => bells[channel]?.(payload ?? ""));
    fresh.on("error", () => undefined);
    try {
      for (const channel of Object.keys(bells)) {
        await fresh.query(`listen ${fresh.escapeIdentifier(channel)}`);
      }
    } catch (thrown) {
      // Lost already: whoever called tries again, and only they.
      await fresh.end().catch(() => undefined);
      throw thrown;
    }
    fresh.once("end", () => void reconnect());
    client = fresh;
    // What happened before the LISTEN rang nobody.
    for (const ring of Object.values(bells)) ring("");
  }

  async function reconnect(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(RECONNECT_MS, undefined, { ref: false });
      try {
        if (!stopping.signal.aborted) await connect();
        return;
      } catch (thrown) {
        log.warn({ reason: asError(thrown).message }, "cannot listen to the database");
      }
    }
  }

  return {
    name: "listener",
    start: connect,
    async stop() {
      stopping.abort();
      await client?.end().catch(() => undefined);
    },
  };
}
