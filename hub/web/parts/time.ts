import { html, type Safe } from "../../../core/html.ts";

/** [seconds in it, its short name] from the largest to the smallest. */
const UNITS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** `just now`, `4 min ago`, `in 2 h`, `3 d ago`. The client counts on in the same words. */
export function relativeTime(time: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - time.getTime()) / 1000);
  const [size, name] = UNITS.find(([length]) => Math.abs(seconds) >= length) ?? [];
  if (size === undefined) return "just now";
  const amount = `${Math.floor(Math.abs(seconds) / size)} ${name}`;
  return seconds > 0 ? `${amount} ago` : `in ${amount}`;
}

/** `2026-11-22 16:04:05 UTC`. */
export function fullTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A moment as its age, with the full time for who points at it and for programs. */
export function timeHtml(time: Date, now: Date): Safe {
  return html`<time datetime="${time.toISOString()}" title="${fullTime(time)}"
    >${relativeTime(time, now)}</time
  >`;
}

/** A moment in full with its age behind it. */
export function momentHtml(time: Date | null, now: Date): Safe {
  if (time === null) return html`–`;
  return html`<time datetime="${time.toISOString()}" data-fixed>${fullTime(time)}</time>
    <span class="quiet">(${timeHtml(time, now)})</span>`;
}

/** `1,234 packages`, `1 package`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
