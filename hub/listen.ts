import type pg from "pg";
import { database } from "../core/database/connect.ts";
import { asError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Service } from "../core/service.ts";

const RECONNECT_MS = 1_000;

/**
 * LISTENs on a connection of its own and comes back when that is lost. Notifications are wake-ups
 * only, so that nothing is missed meanwhile: after each reconnection all bells are rung once.
 *
 * @param bells what to do for each NOTIFY channel, given the payload ("" after a reconnection)
 */
export function createListener(
  bells: Record<string, (payload: string) => void>,
  log: Log,
): Service {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function connect(): Promise<void> {
    const fresh = await database().client();
    fresh.on("notification", ({ channel, payload }) => bells[channel]?.(payload ?? ""));
    fresh.on("error", () => undefined);
    fresh.once("end", reconnectSoon);
    for (const channel of Object.keys(bells)) {
      await fresh.query(`listen ${fresh.escapeIdentifier(channel)}`);
    }
    client = fresh;
  }

  function reconnectSoon(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      connect().then(
        () => Object.values(bells).forEach((ring) => ring("")),
        (thrown: unknown) => {
          log.warn({ reason: asError(thrown).message }, "cannot listen to the database");
          reconnectSoon();
        },
      );
    }, RECONNECT_MS);
  }

  return {
    name: "listener",
    start: connect,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
