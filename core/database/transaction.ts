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

/** Runs work outside the caller's transaction, e.g. to record a failure that must survive it. */
export function outsideTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
  return storage.run(new Map(), work);
}
