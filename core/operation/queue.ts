import { randomUUID } from "node:crypto";
import { database } from "../database/connect.ts";
import { Operation, type OperationState } from "../model/operation.ts";
import type { Admitted } from "./ask.ts";

/** NOTIFY channel of every change to an operation; a wake-up, never the carrier. */
export const OPERATION_CHANNEL = "lk_operation";

/** Puts work into the queue. It is durable when this resolves. */
export async function enqueue(admitted: Admitted, id: string = randomUUID()): Promise<Operation> {
  const { declaration, parameters, caller } = admitted;
  const operation = await Operation.create({
    id,
    name: declaration.name,
    parameters,
    dryRun: admitted.dryRun,
    caller: caller.name,
    callerRole: caller.role,
    origin: caller.origin,
    room: caller.room ?? null,
    // Sorted: two operations that need two locks each must ask for them in one order.
    locks: (declaration.locks?.(parameters) ?? []).toSorted(),
    cancelRequestedBy: null,
    progress: null,
    answer: null,
    error: null,
    startedAt: null,
    finishedAt: null,
  });
  await operation.reload();
  await notify(id);
  return operation;
}

/** Tells all processes that an operation changed. */
export async function notify(id: string): Promise<void> {
  await database().query("select pg_notify($1, $2)", [OPERATION_CHANNEL, id]);
}

/** States in which nothing more will happen. */
export function isFinished(state: OperationState): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/**
 * Asks for an operation to stop: one that waits is cancelled at once, one that runs is told.
 *
 * @param number the short number people type
 * @returns the operation, or undefined when there is none with that number that could be stopped
 */
export async function requestCancel(number: string, by: string): Promise<Operation | undefined> {
  const rows = await database().query<{ id: string }>(
    `update operation
        set cancel_requested_by = $2, changed_at = now(),
            finished_at = case when state = 'queued' then now() else finished_at end,
            state = case when state = 'queued' then 'cancelled' else state end
      where number = $1 and state in ('queued', 'running')
      returning id`,
    [number, by],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  await notify(row.id);
  return (await Operation.findByPk(row.id)) ?? undefined;
}
