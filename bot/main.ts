import { type Alarm, createAlarm } from "../core/alarm.ts";
import { database } from "../core/database/connect.ts";
import { asError } from "../core/errors.ts";
import type { Environment } from "../core/operation/declare.ts";
import { OPERATION_CHANNEL } from "../core/operation/queue.ts";
import type { Service } from "../core/service.ts";
import { INCOMING_CHANNEL } from "../hub/incoming.ts";
import { createListener } from "../core/database/listen.ts";
import { IncomingMessage } from "../hub/model/conversation.ts";
import { defineHubModels } from "../hub/model/index.ts";
import { handleNext } from "./inbox.ts";
import { announceOthers, editOne } from "./progress.ts";

const POLL_MS = 1_000;

/**
 * The bot: takes what people said from the inbox, and keeps the messages of operations true. It
 * meets the channels and the runner in PostgreSQL only, so it can run anywhere, and more than once.
 * The database is connected already.
 */
export function createBot(environment: Environment): Service {
  const { log } = environment;
  const { sequelize } = database();
  // In one process with the hub they are defined already.
  if (!sequelize.isDefined(IncomingMessage.name)) defineHubModels(sequelize);
  const stop = new AbortController();
  const incoming = createAlarm();
  const operations = createAlarm();
  const listener = createListener(
    { [INCOMING_CHANNEL]: incoming.ring, [OPERATION_CHANNEL]: operations.ring },
    log,
  );
  let loops: Promise<void>[] = [];

  async function showProgress(): Promise<boolean> {
    return (await editOne()) || (await announceOthers()) > 0;
  }

  /** Works while there is work, then waits to be woken. */
  async function repeat(alarm: Alarm, work: () => Promise<boolean>, fault: string): Promise<void> {
    while (!stop.signal.aborted) {
      let worked = false;
      try {
        worked = await work();
      } catch (thrown) {
        log.error({ err: asError(thrown) }, fault);
      }
      if (!worked) await alarm.wait(POLL_MS);
    }
  }

  return {
    name: "bot",
    async start() {
      await listener.start();
      loops = [
        repeat(incoming, () => handleNext(environment), "cannot deal with a message"),
        repeat(operations, showProgress, "cannot show progress"),
      ];
    },
    async stop() {
      stop.abort();
      incoming.ring();
      operations.ring();
      await Promise.all(loops);
      await listener.stop();
    },
  };
}
