/**
 * The milliseconds that a Retry-After asks for (RFC 9110, 10.2.3): seconds or a date.
 *
 * @param now milliseconds since 1970
 * @returns undefined when there is none or it cannot be read
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
