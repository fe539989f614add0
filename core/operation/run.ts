import type pg from "pg";
import { database } from "../database/connect.ts";
import { outsideTransaction } from "../database/transaction.ts";
import { asError, OperatorError } from "../errors.ts";
import type { Log } from "../log.ts";
import { Operation } from "../model/operation.ts";
import type { Answer, Environment, OperationDeclaration, Progress, Role } from "./declare.ts";
import { createProgressReporter } from "./progress-report.ts";
import { notify } from "./queue.ts";

/**
 * The right to run an operation is a session lock of PostgreSQL on a connection of its own: it is
 * free again the moment the process dies, so nobody waits for a lease to run out. `attempts` is
 * the fencing token: an outcome is only written by the attempt that is current.
 */
export interface Claim {
  operation: Operation;
  attempt: number;
  client: pg.Client;
}

/** An import that was interrupted this often is given up. */
export const MAX_ATTEMPTS = 5;

/** Takes the session lock of an operation. False when another process has it. */
export async function lockOperation(client: pg.Client, id: string): Promise<boolean> {
  return tryLock(client, `operation:${id}`);
}

/**
 * Takes the operation's own locks, in their stored (sorted) order. On failure none is kept.
 *
 * @returns undefined when all were got, else the name of the one that is held elsewhere
 */
export async function takeLocks(client: pg.Client, locks: string[]): Promise<string | undefined> {
  const taken: string[] = [];
  for (const name of locks) {
    if (await tryLock(client, `lock:${name}`)) {
      taken.push(name);
      continue;
    }
    for (const held of taken) await unlock(client, `lock:${held}`);
    return name;
  }
  return undefined;
}

/** Marks the operation as running by this claim. Undefined when it was finished meanwhile. */
export async function begin(client: pg.Client, id: string): Promise<Claim | undefined> {
  const rows = await database().query<{ attempts: number }>(
    `update operation set state = 'running', attempts = attempts + 1, changed_at = now(),
            started_at = coalesce(started_at, now())
      where id = $1 and state in ('queued', 'running') returning attempts`,
    [id],
  );
  const attempt = rows[0]?.attempts;
  const operation = await Operation.findByPk(id);
  if (attempt === undefined || operation === null) return undefined;
  await notify(id);
  return { operation, attempt, client };
}

/** What a runner hears of while it works. */
export interface RunOptions {
  environment: Environment;
  /** Aborted on shutdown (the operation stays "running" and is taken up again) or cancel. */
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** Reason given to the operation's signal when the program stops: it will be taken up again. */
export const SHUTDOWN = new OperatorError("SHUTDOWN", "The program is stopping.");

/**
 * Runs a claimed operation and writes its outcome. Resolves with the finished row; never throws
 * for what the operation throws.
 */
export async function runClaim(
  claim: Claim,
  declaration: OperationDeclaration,
  options: RunOptions,
): Promise<Operation> {
  const { operation } = claim;
  const log = options.environment.log.child({
    operation: operation.name,
    number: operation.number,
  });
  const reporter = createProgressReporter({
    log: options.environment.log,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    store: (progress) => storeProgress(claim, progress),
  });
  try {
    if (claim.attempt > MAX_ATTEMPTS) throw interruptedTooOften(operation);
    log.info("operation started");
    const answer = await declaration.run(
      {
        caller: {
          name: operation.caller,
          role: operation.callerRole as Role,
          origin: operation.origin as "cli",
          ...(operation.room === null ? {} : { room: operation.room }),
        },
        ...options.environment,
        log,
        signal: options.signal,
        dryRun: operation.dryRun,
        progress: reporter.report,
      },
      operation.parameters,
    );
    await finish(claim, "done", answer);
    log.info("operation done");
  } catch (thrown) {
    await recordFailure(claim, thrown, options.signal, log);
  } finally {
    reporter.stop();
  }
  await operation.reload();
  return operation;
}

async function recordFailure(
  claim: Claim,
  thrown: unknown,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  if (signal.aborted && signal.reason === SHUTDOWN) {
    log.info("operation interrupted by shutdown; it will be taken up again");
    return;
  }
  const error = signal.aborted ? asError(signal.reason) : asError(thrown);
  const known = error instanceof OperatorError;
  if (!known) log.error({ err: error }, "operation failed by a bug");
  else log.warn({ code: error.code, reason: error.message }, "operation failed");
  const state = known && error.code === "CANCELLED" ? "cancelled" : "failed";
  await finish(claim, state, null, {
    code: known ? error.code : "INTERNAL",
    message: known ? error.message : `Internal error: ${error.message}`,
    ...(known && error.hint !== undefined ? { hint: error.hint } : {}),
  });
}

async function finish(
  claim: Claim,
  state: "done" | "failed" | "cancelled",
  answer: Answer | null,
  error: Operation["error"] = null,
): Promise<void> {
  await outsideTransaction(async () => {
    await database().query(
      `update operation set state = $3, answer = $4, error = $5, finished_at = now(),
              changed_at = now()
        where id = $1 and attempts = $2 and state = 'running'`,
      [claim.operation.id, claim.attempt, state, json(answer), json(error)],
    );
    await notify(claim.operation.id);
  });
}

function json(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Only the attempt that is current says how far it is. */
async function storeProgress(claim: Claim, progress: Progress): Promise<void> {
  await outsideTransaction(async () => {
    await database().query(
      `update operation set progress = $3, changed_at = now()
        where id = $1 and attempts = $2 and state = 'running'`,
      [claim.operation.id, claim.attempt, JSON.stringify(progress)],
    );
    await notify(claim.operation.id);
  });
}

function interruptedTooOften(operation: Operation): OperatorError {
  return new OperatorError(
    "INTERRUPTED",
    `${operation.name} was interrupted ${MAX_ATTEMPTS} times and is given up.`,
    "See the log for what ended the program, then ask for it again.",
  );
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const result = await client.query<{ got: boolean }>(
    "select pg_try_advisory_lock(hashtextextended($1, 0)) as got",
    [name],
  );
  return result.rows[0]?.got ?? false;
}

async function unlock(client: pg.Client, name: string): Promise<void> {
  await client.query("select pg_advisory_unlock(hashtextextended($1, 0))", [name]);
}
