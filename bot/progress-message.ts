import type { Inline, Message } from "../core/message.ts";
import type { Operation } from "../core/model/operation.ts";
import { describeOperation } from "../core/operation/describe.ts";
import { isFinished } from "../core/operation/queue.ts";
import { paginate } from "./pages.ts";

/** What is shown while an operation waits and runs. */
export function progressMessage(operation: Operation): Message {
  const message = describeOperation(operation);
  const details = [...(message.details ?? []), ...interruptions(operation)];
  return { ...message, details, next: ["To stop it: ", { code: `cancel ${operation.number}` }] };
}

/** What is shown at the end: the answer, the error with its remedy, or who cancelled. */
export function finalMessages(operation: Operation): Message[] {
  const said = describeOperation(operation);
  const details = [...(said.details ?? [])];
  if (operation.state === "cancelled" && operation.error === null) {
    details.unshift([`Cancelled by ${operation.cancelRequestedBy ?? "somebody"}.`]);
  }
  details.push(...interruptions(operation));
  const [first, ...rest] = operation.answer?.messages ?? [];
  if (operation.state !== "done" || first === undefined) return [{ ...said, details }];
  const summary: Inline[] = [...said.headline, `, asked for by ${operation.caller}`];
  const lines = [...(first.details ?? []), summary, ...interruptions(operation)];
  const messages = [{ ...first, details: lines }, ...rest];
  return paginate(messages, `result ${operation.number}`, false);
}

/** What is shown of an operation as it is now. */
export function messagesOf(operation: Operation): Message[] {
  return isFinished(operation.state) ? finalMessages(operation) : [progressMessage(operation)];
}

function interruptions({ attempts }: Operation): Inline[][] {
  if (attempts < 2) return [];
  const times = attempts === 2 ? "once" : `${attempts - 1} times`;
  return [[`Was interrupted ${times} and taken up again.`]];
}
