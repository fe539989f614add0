import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";
import type { Inline, Message } from "../core/message.ts";
import type { Operation } from "../core/model/operation.ts";
import type { Progress } from "../core/operation/declare.ts";
import { describeOperation } from "../core/operation/describe.ts";
import { isFinished } from "../core/operation/queue.ts";
import { paginate } from "./pages.ts";

/** How far an operation was at some time; two of them make a rate. */
export interface Sample {
  progress: Progress;
  at: Date;
}

/** What is shown while an operation waits and runs. */
export function progressMessage(operation: Operation, before: Sample | undefined): Message {
  const message = describeOperation(operation);
  const details = [...(message.details ?? [])];
  const { progress, changedAt } = operation;
  if (operation.state === "running" && progress !== null) {
    const rate = rateLine(before, { progress, at: changedAt });
    if (rate !== undefined) details.splice(1, 0, [rate]);
  }
  details.push(...interruptions(operation));
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
export function messagesOf(operation: Operation, before?: Sample): Message[] {
  return isFinished(operation.state)
    ? finalMessages(operation)
    : [progressMessage(operation, before)];
}

function interruptions({ attempts }: Operation): Inline[][] {
  if (attempts < 2) return [];
  const times = attempts === 2 ? "once" : `${attempts - 1} times`;
  return [[`Was interrupted ${times} and taken up again.`]];
}

/** `3.2 MB a second, about 40 s left`; undefined when two samples of one step do not tell. */
export function rateLine(before: Sample | undefined, now: Sample): string | undefined {
  const { step, done, total, unit } = now.progress;
  if (before?.progress.step !== step || done === undefined) return undefined;
  const seconds = (now.at.getTime() - before.at.getTime()) / 1_000;
  const rate = (done - (before.progress.done ?? 0)) / seconds;
  if (!Number.isFinite(rate) || rate <= 0) return undefined;
  const speed = `${amountASecond(rate, unit)} a second`;
  if (total === undefined || total <= done) return speed;
  const left = prettyMilliseconds(((total - done) / rate) * 1_000, {
    unitCount: 1,
    secondsDecimalDigits: 0,
  });
  return `${speed}, about ${left} left`;
}

function amountASecond(rate: number, unit: Progress["unit"]): string {
  if (unit === "bytes") return prettyBytes(rate);
  const rounded = rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
  return `${rounded.toLocaleString("en")}${unit === undefined ? "" : ` ${unit}`}`;
}
