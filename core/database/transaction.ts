import { AsyncLocalStorage } from "node:async_hooks";
import type { ClientBase } from "pg";
import { Sequelize, type Transaction } from "sequelize";

/**
 * The namespace that Sequelize asks for the running transaction, over AsyncLocalStorage: whatever
 * is awaited inside `inTransaction` joins by itself, and nothing can forget to pass it on.
 */
const storage = new AsyncLocalStorage<Map<string, unknown>>();
const namespace = {
  get: (key: string): unknown => storage.getStore()?.get(key),
  set: (key: string, value: unknown): unknown => {
    storage.getStore()?.set(key, value);
    return value;
  },
  run: (work: (context: unknown) => void): unknown => {
    const store = new Map(storage.getStore());
    storage.run(store, () => work(store));
    return store;
  },
  bind: <Work extends (...parameters: never[]) => unknown>(work: Work): Work =>
    AsyncLocalStorage.bind(work),
};

const TRANSACTION = "transaction";
let installed = false;

/** Makes Sequelize find the running transaction by itself. Called once, before any connection. */
export function installTransactions(): void {
  if (installed) return;
  Sequelize.useCLS(namespace);
  installed = true;
}

/** The transaction that the caller runs in, or undefined. */
export function currentTransaction(): Transaction | undefined {
  return (storage.getStore()?.get(TRANSACTION) ?? undefined) as Transaction | undefined;
}

/**
 * The connection of the running transaction, for COPY and multi-row statements.
 *
 * @throws Error outside a transaction: such work must never be half done
 */
export function transactionClient(): ClientBase {
  const transaction = currentTransaction();
  if (transaction === undefined) throw new Error("transactionClient() outside inTransaction()");
  return (transaction as unknown as { connection: ClientBase }).connection;
}

/** What a pipelining connection is inside; of pg's `Client`, whose types leave it out. */
interface PipelineClient {
  pipeline: boolean;
  connection: { stream: { cork(): void; uncork(): void } };
}

/**
 * Sends statements of the running transaction in one go, and then waits for their answers: one
 * round trip instead of one for each. They run in the order in which `start` calls them.
 *
 * @param start calls all of them, without awaiting any in between
 * @returns their results, in order
 * @throws what the first that failed threw, once all have ended; those behind it did nothing
 */
export async function together<Results extends readonly unknown[]>(
  start: () => { [Place in keyof Results]: Promise<Results[Place]> },
): Promise<Results> {
  const client = transactionClient() as unknown as PipelineClient;
  const { stream } = client.connection;
  client.pipeline = true;
  stream.cork();
  try {
    const started = start();
    stream.uncork();
    // Even after a failure: while answers are to come, nothing else may use the connection.
    const ended = await Promise.allSettled(started);
    return ended.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    }) as unknown as Results;
  } finally {
    client.pipeline = false;
  }
}

/** Runs work outside the caller's transaction, e.g. to record a failure that must survive it. */
export function outsideTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
  return storage.run(new Map(), work);
}
