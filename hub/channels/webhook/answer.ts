import { retryAfter } from "../../../core/retry-after.ts";
import type { Outcome } from "../channel.ts";

/** Statuses that may be others later (RFC 9110 section 15.5, RFC 6585 section 4). */
const LATER = new Set([408, 409, 423, 425, 429]);

/**
 * What the answer to a hook means. Any 2xx is "taken"; 410 says that nobody wants it any more, and
 * with other 4xx it will never be taken as it is. Where a redirect leads was not agreed on.
 *
 * @param now milliseconds
 */
export function outcomeOf(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  now: number,
): Outcome {
  if (status >= 200 && status < 300) return { outcome: "delivered" };
  const reason = `HTTP ${status}`;
  if (status === 410) {
    return { outcome: "failed", retry: false, reason: `${reason}: the hook is gone` };
  }
  if (status >= 300 && status < 400) {
    return { outcome: "failed", retry: false, reason: `${reason}: redirects are not followed` };
  }
  if (status < 500 && !LATER.has(status)) return { outcome: "failed", retry: false, reason };
  const header = headers["retry-after"];
  const afterMs = retryAfter(Array.isArray(header) ? header[0] : header, now);
  return { outcome: "failed", retry: true, reason, ...(afterMs === undefined ? {} : { afterMs }) };
}
