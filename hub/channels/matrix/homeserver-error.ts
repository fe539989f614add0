/** What the homeserver, or the way to it, answered instead of what was asked for. */
export class HomeserverError extends Error {
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The homeserver's own code, `M_FORBIDDEN`; undefined when somebody else answered. */
  readonly errcode: string | undefined;
  /** What it asked to wait, from the body or the `Retry-After` header, whichever is longer. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    answer: { status?: number | undefined; errcode?: string | undefined } = {},
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HomeserverError";
    this.status = answer.status;
    this.errcode = answer.errcode;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What to do after a failure. */
export interface Failure {
  /** True: later it may work. */
  retry: boolean;
  afterMs?: number;
  /** True: we asked for too much. */
  limited: boolean;
  /** True: the homeserver itself said that it did not do it. */
  untaken: boolean;
  /** True: our access token is not accepted, so nothing will work. */
  fatal: boolean;
  reason: string;
}

/** Codes that say "this access token is no good" (client-server API, "Client Authentication"). */
const TOKEN_CODES = new Set(["M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"]);

/**
 * Sorts a failure. Retried are: no answer, 429, 408, 5xx, and any refusal that carries no errcode,
 * for that was a proxy's word and not the homeserver's. Everything else stays refused.
 */
export function classifyFailure(thrown: unknown): Failure {
  if (!(thrown instanceof HomeserverError)) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return { retry: true, fatal: false, limited: false, untaken: false, reason: text };
  }
  const { status, errcode, retryAfterMs } = thrown;
  const wait = retryAfterMs === undefined ? {} : { afterMs: retryAfterMs };
  const fatal = errcode !== undefined && TOKEN_CODES.has(errcode);
  const passing =
    status === undefined ||
    status >= 500 ||
    status === 429 ||
    status === 408 ||
    errcode === undefined ||
    errcode === "M_LIMIT_EXCEEDED" ||
    errcode === "M_USER_LOCKED";
  const limited = status === 429 || errcode === "M_LIMIT_EXCEEDED";
  const untaken = limited || (errcode !== undefined && status !== undefined && status < 500);
  return { retry: passing || fatal, fatal, limited, untaken, reason: thrown.message, ...wait };
}

/** Whether the homeserver itself says that the thing is not there: its word, not a proxy's. */
export function isNotFound(thrown: unknown): boolean {
  return (
    thrown instanceof HomeserverError && thrown.status === 404 && thrown.errcode === "M_NOT_FOUND"
  );
}

/** Whether the homeserver itself forbids it. */
export function isForbidden(thrown: unknown): boolean {
  return (
    thrown instanceof HomeserverError && thrown.status === 403 && thrown.errcode === "M_FORBIDDEN"
  );
}
