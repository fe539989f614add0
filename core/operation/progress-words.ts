import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";
import type { Progress } from "./declare.ts";

/** Progress in one to three lines, the same wherever people read it. */
export function progressLines(progress: Progress): string[] {
  return [progressLine(progress), rateLine(progress), partsLine(progress)].filter(
    (line) => line !== undefined,
  );
}

/** `Reading Sources ▓▓▓▓░░░░░░ 41 % (20.5 MB of 50 MB)`, or as much of it as is known. */
export function progressLine(progress: Progress): string {
  const { done, total, unit, parts } = progress;
  const [only, ...others] = parts ?? [];
  const one = only !== undefined && others.length === 0;
  const step = one ? `${progress.step} ${only.name}` : progress.step;
  if (done === undefined) return step;
  if (total === undefined || total === 0) return `${step}: ${amountWords(done, unit)}`;
  const share = Math.min(done / total, 1);
  const filled = Math.round(share * 10);
  const bar = "▓".repeat(filled) + "░".repeat(10 - filled);
  const amounts = `${amountWords(done, unit)} of ${amountWords(total, unit)}`;
  return `${step} ${bar} ${Math.floor(share * 100)} % (${amounts})`;
}

/**
 * `3.2 MB and 5,100 packages a second, about 40s left`; undefined while no rate is known, and
 * `nothing came for a while` when it stands still.
 */
export function rateLine({ rate, packagesRate, secondsLeft, unit }: Progress): string | undefined {
  if (rate === undefined) return undefined;
  if (rate <= 0) return "nothing came for a while";
  const rates = [amountWords(rate, unit)];
  if (packagesRate !== undefined) rates.push(amountWords(packagesRate, "packages"));
  const speed = `${rates.join(" and ")} a second`;
  return secondsLeft === undefined ? speed : `${speed}, about ${leftWords(secondsLeft)} left`;
}

/** Undefined unless several things are worked on at once. */
function partsLine({ parts, unit }: Progress): string | undefined {
  if (parts === undefined || parts.length < 2) return undefined;
  const words = parts.map(({ name, done, total }) =>
    total === undefined || total === 0
      ? `${name} ${amountWords(done, unit)}`
      : `${name} ${Math.floor(Math.min(done / total, 1) * 100)} %`,
  );
  return `at once: ${words.join(", ")}`;
}

/** `1m 20s`; in one unit when it is long. */
export function leftWords(seconds: number): string {
  return prettyMilliseconds(Math.max(0, Math.round(seconds)) * 1_000, {
    unitCount: seconds < 600 ? 2 : 1,
  });
}

/** `3.2 MB`, `12,000 packages`, `1.3 steps`. */
export function amountWords(count: number, unit: Progress["unit"]): string {
  if (unit === "bytes") return prettyBytes(count);
  const rounded = count >= 10 ? Math.round(count) : Math.round(count * 10) / 10;
  return `${rounded.toLocaleString("en")}${unit === undefined ? "" : ` ${unit}`}`;
}
