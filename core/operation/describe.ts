import prettyMilliseconds from "pretty-ms";
import type { Inline, Message, Tone } from "../message.ts";
import type { Operation, OperationState } from "../model/operation.ts";
import { progressLines } from "./progress-words.ts";

const TONES: Record<OperationState, Tone> = {
  queued: "neutral",
  running: "neutral",
  done: "good",
  failed: "bad",
  cancelled: "attention",
};

/** An operation in a few lines: what, state, progress or outcome. The same wherever it is shown. */
export function describeOperation(operation: Operation): Message {
  const { name, number, progress, error, caller } = operation;
  const state: OperationState = operation.state;
  const words = wordsOf(operation.parameters);
  const headline: Inline[] = [
    { strong: `${name}${words}` },
    ` #${number} ${stateWords(operation)}`,
  ];
  const details: Inline[][] = [];
  if (state === "running" && progress !== null) {
    details.push(...progressLines(progress).map((line) => [line]));
  }
  if (error !== null) details.push([error.message]);
  details.push([`asked for by ${caller}`]);
  return {
    tone: TONES[state],
    headline,
    details,
    ...(error?.hint === undefined ? {} : { next: [error.hint] }),
  };
}

function stateWords(operation: Operation): string {
  const { state, startedAt, finishedAt, dryRun, cancelRequestedBy } = operation;
  const dry = dryRun ? " (dry run)" : "";
  if (state === "running") {
    return cancelRequestedBy === null ? `is running${dry}` : `is being cancelled${dry}`;
  }
  if (state === "queued") return `waits${dry}`;
  const spent = startedAt === null || finishedAt === null ? 0 : +finishedAt - +startedAt;
  const took = spent > 0 ? ` after ${prettyMilliseconds(spent, { unitCount: 2 })}` : "";
  const verb = state === "cancelled" ? "was cancelled" : state;
  return `${verb}${took}${dry}`;
}

function wordsOf(parameters: Record<string, unknown>): string {
  const words = Object.values(parameters)
    .flat()
    .filter((value) => typeof value === "string");
  return words.length === 0 ? "" : ` ${words.join(" ")}`;
}
