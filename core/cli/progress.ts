import { MultiBar, type SingleBar } from "cli-progress";
import type { Progress } from "../operation/declare.ts";
import { amountWords, leftWords } from "../operation/progress-words.ts";
import type { Terminal } from "./terminal.ts";

const SECOND_MS = 1_000;

/** What shows the progress of an operation while it runs. */
export interface ProgressDisplay {
  update(progress: Progress): void;
  stop(): void;
}

/** Shows progress on standard error as the terminal wants it. */
export function createProgressDisplay(terminal: Terminal): ProgressDisplay {
  if (terminal.progress === "json") return createProgressLines(terminal.err);
  if (terminal.progress === "bar" && terminal.err.isTTY === true) return createBars(terminal.err);
  return { update: () => undefined, stop: () => undefined };
}

/**
 * A JSON object a second, also while nothing moves, so that whoever reads it sees that somebody
 * is alive; and the last state at the end.
 */
function createProgressLines(out: NodeJS.WritableStream): ProgressDisplay {
  let latest: Progress | undefined;
  let printed: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  function print(): void {
    printed = latest;
    out.write(`${JSON.stringify({ time: new Date().toISOString(), ...latest })}\n`);
  }
  return {
    update(progress) {
      latest = progress;
      if (timer !== undefined) return;
      timer = setInterval(print, SECOND_MS);
      print();
    },
    stop() {
      clearInterval(timer);
      if (latest !== printed) print();
    },
  };
}

/** A bar for the whole, and one for each part while several are worked on at once. */
function createBars(stream: NodeJS.WritableStream): ProgressDisplay {
  const bars = new MultiBar({
    stream,
    format: "{step} [{bar}] {percentage} % {amount} {left}",
    hideCursor: true,
    clearOnComplete: true,
  });
  const parts = new Map<string, SingleBar>();
  let whole: SingleBar | undefined;

  function showParts({ parts: now = [], unit }: Progress): void {
    // One part is named by the bar of the whole.
    const shown = now.length > 1 ? now : [];
    for (const [name, bar] of parts) {
      if (shown.some((part) => part.name === name)) continue;
      bars.remove(bar);
      parts.delete(name);
    }
    for (const part of shown) {
      const bar = parts.get(part.name) ?? bars.create(1, 0);
      parts.set(part.name, bar);
      show(bar, part, { step: `  ${part.name}`, amount: amountWords(part.done, unit), left: "" });
    }
  }

  return {
    update(progress) {
      const { step, done, unit, parts: now } = progress;
      whole ??= bars.create(1, 0);
      show(whole, progress, {
        step: now?.length === 1 ? `${step} ${now[0]?.name ?? ""}` : step,
        amount: done === undefined ? "" : amountWords(done, unit),
        left: timeWords(progress),
      });
      showParts(progress);
    },
    stop: () => bars.stop(),
  };
}

function show(
  bar: SingleBar,
  { done = 0, total }: { done?: number; total?: number },
  words: { step: string; amount: string; left: string },
): void {
  const known = total !== undefined && total > 0;
  // An unknown total is a bar that stays empty.
  bar.setTotal(known ? total : 1);
  bar.update(known ? done : 0, words);
}

function timeWords({ rate, secondsLeft, unit }: Progress): string {
  if (rate === undefined) return "";
  const speed = `${amountWords(rate, unit)}/s`;
  return secondsLeft === undefined ? speed : `${speed}, ${leftWords(secondsLeft)} left`;
}
