import { z } from "zod";
import { database } from "../../database/connect.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { Operation } from "../../model/operation.ts";
import { declareOperation } from "../../operation/declare.ts";
import { isFinished, requestCancel } from "../../operation/queue.ts";
import { describeOperation } from "../../operation/describe.ts";

/** What is waiting and running, and with --all what ended lately. */
export const queue = declareOperation({
  name: "queue",
  summary: "what is running and waiting",
  examples: ["queue", "queue --all"],
  parameters: z.object({
    all: z.boolean().default(false).meta({ description: "also the last 20 that ended" }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { all }) {
    const open = await Operation.findAll({
      where: { state: ["queued", "running"] },
      order: ["createdAt"],
      limit: 100,
    });
    const ended = all
      ? await Operation.findAll({
          where: { state: ["done", "failed", "cancelled"] },
          order: [["finishedAt", "DESC"]],
          limit: 20,
        })
      : [];
    const operations = [...open, ...ended];
    return { messages: queueMessages(open, ended), data: operations.map((one) => one.toJSON()) };
  },
});

function queueMessages(open: Operation[], ended: Operation[]): Message[] {
  if (open.length + ended.length === 0) {
    return [{ tone: "neutral", headline: ["Nothing is running and nothing waits."] }];
  }
  return [...open, ...ended].map(describeOperation);
}

export const cancel = declareOperation({
  name: "cancel",
  summary: "stop an operation that runs or waits",
  examples: ["cancel 12"],
  parameters: z.object({
    number: z
      .union([z.int().positive(), z.string().regex(/^#?\d{1,18}$/, "a number as shown by queue")])
      .meta({ description: "the number shown by queue", positional: true, complete: "operation" }),
  }),
  role: "operator",
  kind: "act",
  async run({ caller }, { number }) {
    const wanted = String(number).replace("#", "");
    const stopped = await requestCancel(wanted, caller.name);
    if (stopped !== undefined) {
      const verb = isFinished(stopped.state) ? "cancelled" : "is being cancelled";
      return {
        messages: [
          { tone: "attention", headline: [{ strong: `${stopped.name} #${wanted}` }, ` ${verb}.`] },
        ],
        data: stopped.toJSON(),
      };
    }
    throw await nothingToCancel(wanted);
  },
});

async function nothingToCancel(number: string): Promise<OperatorError> {
  const [row] = await database().query<{ name: string; state: string }>(
    "select name, state from operation where number = $1",
    [number],
  );
  return row === undefined
    ? new OperatorError(
        "NO_OPERATION",
        `There is no operation #${number}.`,
        "Type queue for a list.",
      )
    : new OperatorError(
        "OPERATION_ENDED",
        `${row.name} #${number} has ended already: ${row.state}.`,
        "Type queue --all to see what ended lately.",
      );
}
