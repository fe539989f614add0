import { setTimeout as sleep } from "node:timers/promises";
import { createAlarm } from "../../alarm.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { decideBatch } from "./decide-batch.ts";
import { errorReply, NO_JOB } from "./reply.ts";
import { type Ask, serve } from "./serve.ts";

/** Takes requests in as they come and answers them in batches. */
export interface Desk {
  /** @param reply called once, when what it says is committed */
  take(ask: Ask, reply: (text: string) => void): void;
  start(): void;
  /** Answers what was taken in, then ends. */
  stop(): Promise<void>;
}

interface Waiting {
  ask: Ask;
  reply: (text: string) => void;
  /** When its worker stops waiting for an answer. */
  deadline: number;
}

/** A worker waits fifteen seconds for an answer; an outage of the database is waited out so long. */
const PATIENCE_MS = 12_000;
const RETRY_MS = 250;
/** Workers that were answered speak again at once, and so come into the next batch. */
const GATHER_MS = 2;
/** While everybody waits for the database, no more is kept in memory. */
const MOST_WAITING = 20_000;
/** SQLSTATE classes and codes of a server that is not there: 08 connection, 57P01 to 57P03. */
const OUTAGE_SQLSTATE = /^(08...|57P0[123]|53300)$/;
const OUTAGE_ERRNO = /^E(CONNREFUSED|CONNRESET|NOENT|PIPE|TIMEDOUT|HOSTUNREACH)$|^ENOENT$/;

export function createDesk(options: { uploadUrl: string; log: Log }): Desk {
  const { log, uploadUrl } = options;
  const alarm = createAlarm();
  let waiting: Waiting[] = [];
  let stopped = false;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (;;) {
      const last = stopped;
      const batch = decideBatch(waiting);
      waiting = waiting.filter((one) => !batch.has(one));
      if (batch.size > 0) await answer([...batch]).then(() => sleep(GATHER_MS));
      else if (last) return;
      else await alarm.wait(1_000);
    }
  }

  async function answer(batch: Waiting[]): Promise<void> {
    try {
      const replies = await serve(
        batch.map(({ ask }) => ask),
        uploadUrl,
      );
      batch.forEach(({ reply }, place) => reply(replies[place] ?? ""));
    } catch (thrown) {
      await failed(batch, thrown);
    }
  }

  /** Nothing of the batch was committed. */
  async function failed(batch: Waiting[], thrown: unknown): Promise<void> {
    if (isOutage(thrown)) {
      log.warn({ reason: asError(thrown).message }, "cannot reach the database to serve workers");
      await putBack(batch);
    } else if (batch.length > 1) {
      // One of them is to blame, or two Lighthouses met; each alone harms no other.
      for (const one of batch) await answer([one]);
    } else {
      log.error({ err: asError(thrown) }, "a request of a worker met a bug");
      for (const one of batch) one.reply(errorReply("Internal Error: see the log of Lighthouse"));
    }
  }

  async function putBack(batch: Waiting[]): Promise<void> {
    const now = performance.now();
    const patient = stopped ? [] : batch.filter(({ deadline }) => deadline > now);
    for (const one of batch) if (!patient.includes(one)) one.reply(refusal(one.ask));
    waiting = [...patient, ...waiting];
    await sleep(RETRY_MS);
  }

  return {
    take(ask, reply) {
      if (stopped || waiting.length >= MOST_WAITING) {
        reply(refusal(ask));
        return;
      }
      waiting.push({ ask, reply, deadline: performance.now() + PATIENCE_MS });
      alarm.ring();
    },
    start() {
      loop = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await loop;
    },
  };
}

/** Without a database there is no job, and nothing can be noted. */
function refusal({ request }: Ask): string {
  if (request.kind === "job") return NO_JOB;
  return errorReply("Internal Error: the database cannot be reached");
}

function isOutage(thrown: unknown): boolean {
  const { code } = (thrown as { original?: { code?: string } }).original ?? (thrown as never);
  const error = asError(thrown);
  if (error.name.startsWith("SequelizeConnection")) return true;
  if (typeof code === "string" && (OUTAGE_SQLSTATE.test(code) || OUTAGE_ERRNO.test(code))) {
    return true;
  }
  return /^Connection terminated|connection error and is not queryable|ConnectionManager/.test(
    error.message,
  );
}
