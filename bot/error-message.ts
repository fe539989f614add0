import { OperatorError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";

/**
 * A failure as a message for the person who asked: what happened, and what to type next. Of a bug
 * only that it was one; the particulars are in the log.
 *
 * @param reference by which the log names the message, for whoever looks there
 */
export function errorMessage(thrown: unknown, reference: string): Message {
  if (!(thrown instanceof OperatorError)) {
    return {
      tone: "bad",
      headline: ["That failed by a fault of this program; nothing was done."],
      next: [`The log has the particulars under message ${reference}.`],
    };
  }
  const hints = (thrown.hint ?? "").split("\n").filter((line) => line !== "");
  const last = hints.pop();
  return {
    // A wrong word is no failure of anything.
    tone: thrown.exitStatus === 2 ? "attention" : "bad",
    headline: [thrown.message],
    ...(hints.length === 0 ? {} : { details: hints.map((hint) => [hint]) }),
    ...(last === undefined ? {} : { next: [last] }),
  };
}
