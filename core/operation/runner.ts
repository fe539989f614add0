import { database } from "../database/connect.ts";
import { createListener } from "../database/listen.ts";
import { asError, OperatorError } from "../errors.ts";
import { createAlarm } from "../alarm.ts";
import type { Service } from "../service.ts";
import type { Environment, OperationDeclaration } from "./declare.ts";
import { OPERATION_CHANNEL } from "./queue.ts";
import { begin, type Claim, lockOperation, runClaim, SHUTDOWN, takeLocks } from "./run.ts";

/** Work at once in one process. */
const CONCURRENCY = 2;
const POLL_MS = 1_000;

interface Candidate {
  id: string;
  name: string;
  locks: string[];
}

/**
 * Takes work from the queue. States of an operation:
 *
 *   queued ──claim──▶ running ──▶ done | failed | cancelled
 *     │                  │
 *     └──cancel──▶ cancelled     (process dies: its session lock is free, so the next runner
 *                                 claims the row again, with the next attempt number)
 */
export function createRunner(environment: Environment): Service {
  const { registry, log } = environment;
  const stop = new AbortController();
  const running = new Map<string, { abort: AbortController; ended: Promise<void> }>();
  const alarm = createAlarm();
  let loop: Promise<void> = Promise.resolve();
  const listener = createListener({ [OPERATION_CHANNEL]: alarm.ring }, log);

  async function takeWork(): Promise<void> {
    await applyCancellations(running);
    for (const candidate of await candidates()) {
      if (running.size >= CONCURRENCY || stop.signal.aborted) return;
      const declaration = registry.operations.get(candidate.name);
      if (running.has(candidate.id) || declaration === undefined) continue;
      const claim = await tryClaim(candidate);
      if (claim === undefined) continue;
      const abort = new AbortController();
      claim.client.once("error", () => abort.abort(new Error("lost the database connection")));
      running.set(candidate.id, { abort, ended: runToEnd(claim, declaration, abort.signal) });
    }
  }

  async function runToEnd(
    claim: Claim,
    declaration: OperationDeclaration,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await runClaim(claim, declaration, { environment, signal });
    } catch (thrown) {
      log.error({ err: asError(thrown) }, "cannot write the end of an operation");
    } finally {
      running.delete(claim.operation.id);
      await claim.client.end().catch(() => undefined);
      alarm.ring();
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await takeWork();
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot take work from the queue");
      }
      await alarm.wait(POLL_MS);
    }
  }

  return {
    name: "runner",
    async start() {
      await listener.start();
      loop = run();
    },
    async stop() {
      stop.abort();
      alarm.ring();
      for (const { abort } of running.values()) abort.abort(SHUTDOWN);
      await loop;
      await Promise.all([...running.values()].map(({ ended }) => ended));
      await listener.stop();
    },
  };
}

function candidates(): Promise<Candidate[]> {
  return database().query<Candidate>(
    `select id, name, locks from operation where state in ('queued', 'running')
      order by created_at limit 50`,
  );
}

/** Claims an operation of the queue, or one whose runner died; undefined when it is not free. */
async function tryClaim(candidate: Candidate): Promise<Claim | undefined> {
  const client = await database().client();
  try {
    const free =
      (await lockOperation(client, candidate.id)) &&
      (await takeLocks(client, candidate.locks)) === undefined;
    const claim = free ? await begin(client, candidate.id) : undefined;
    if (claim !== undefined) return claim;
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw thrown;
  }
  await client.end();
  return undefined;
}

async function applyCancellations(running: Map<string, { abort: AbortController }>): Promise<void> {
  if (running.size === 0) return;
  const rows = await database().query<{ id: string; cancel_requested_by: string }>(
    "select id, cancel_requested_by from operation where id = any($1) and cancel_requested_by is not null",
    [[...running.keys()]],
  );
  for (const row of rows) running.get(row.id)?.abort.abort(cancelled(row.cancel_requested_by));
}

/** The reason given to an operation that somebody cancelled. */
export function cancelled(by: string): OperatorError {
  return new OperatorError("CANCELLED", `Cancelled by ${by}.`);
}
