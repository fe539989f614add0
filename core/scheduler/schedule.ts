import { createTask, type ScheduledTask, validate } from "node-cron";
import { database, inTransaction } from "../database/connect.ts";
import { asError, OperatorError } from "../errors.ts";
import type { Log } from "../log.ts";
import { admit } from "../operation/ask.ts";
import type { OperationDeclaration } from "../operation/declare.ts";
import { enqueue } from "../operation/queue.ts";
import type { Registry } from "../operation/registry.ts";
import type { Service } from "../service.ts";

/** When an operation runs by itself. */
export interface Entry {
  declaration: OperationDeclaration;
  /** Cron, five fields, UTC (crontab(5)). */
  expression: string;
}

/**
 * What runs by itself, from the declarations and `[schedule]`.
 *
 * @throws OperatorError for a key that is no scheduled operation or an expression that is no cron
 */
export function scheduleEntries(registry: Registry, configured: Record<string, string>): Entry[] {
  const schedulable = [...registry.operations.values()].filter((one) => one.schedule !== undefined);
  const names = schedulable.map((one) => one.name);
  const unknown = Object.keys(configured).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new OperatorError(
      "SCHEDULE_UNKNOWN",
      `[schedule] names ${unknown}, which is no operation that can run by itself.`,
      `Possible: ${names.join(", ")}.`,
      { exitStatus: 2 },
    );
  }
  return schedulable.flatMap((declaration) => {
    const expression = configured[declaration.name] ?? declaration.schedule?.default ?? "";
    if (expression === "") return [];
    if (validate(expression)) return [{ declaration, expression }];
    throw new OperatorError(
      "SCHEDULE_INVALID",
      `[schedule] ${declaration.name} = "${expression}" is no cron expression.`,
      'Five fields, for instance "*/30 * * * *" for each half hour.',
      { exitStatus: 2 },
    );
  });
}

/** Queues the entries when their time comes. Several processes may do so: one of them wins. */
export function createSchedule(registry: Registry, entries: Entry[], log: Log): Service {
  let tasks: ScheduledTask[] = [];
  return {
    name: "schedule",
    async start() {
      tasks = entries.map(({ declaration, expression }) =>
        createTask(
          expression,
          () =>
            queueOnce(registry, declaration).catch((thrown: unknown) => {
              log.error({ err: asError(thrown), operation: declaration.name }, "cannot schedule");
            }),
          { name: declaration.name, timezone: "Etc/UTC" },
        ),
      );
      for (const task of tasks) await task.start();
    },
    async stop() {
      for (const task of tasks) await task.destroy();
      tasks = [];
    },
  };
}

/**
 * Queues a scheduled operation unless it already waits or runs, or was queued within this minute
 * by another process.
 *
 * @returns whether it was queued
 */
export function queueOnce(registry: Registry, declaration: OperationDeclaration): Promise<boolean> {
  return inTransaction(async () => {
    const { name } = declaration;
    await database().query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `schedule:${name}`,
    ]);
    const rows = await database().query(
      `select 1 from operation
        where name = $1 and origin = 'schedule'
          and (state in ('queued', 'running') or created_at >= date_trunc('minute', now()))
        limit 1`,
      [name],
    );
    if (rows.length > 0) return false;
    const admitted = await admit(registry, {
      operation: name,
      parameters: declaration.schedule?.parameters ?? {},
      caller: { name: "schedule", role: "admin", origin: "schedule" },
    });
    await enqueue(admitted);
    return true;
  });
}
