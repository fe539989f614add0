import { STATUS_CODES } from "node:http";
import { OperatorError } from "../../core/errors.ts";

/** What goes wrong in a request, for the page and for the API. */
export interface Failure {
  status: number;
  code: string;
  message: string;
  hint?: string;
}

/** HTTP status of the codes that are not simply "cannot be done" (RFC 9110, section 15.5). */
const STATUSES: Record<string, number> = {
  BAD_ARGUMENTS: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  WRONG_TOKEN: 401,
  FORBIDDEN: 403,
  CROSS_SITE: 403,
  NOT_FOUND: 404,
  NO_OPERATION: 404,
  UNKNOWN_OPERATION: 404,
  OPERATION_ENDED: 409,
  WRONG_HOST: 421,
  TOO_MANY_STREAMS: 503,
  DATABASE_UNREACHABLE: 503,
};

/** The failure that a thrown thing is. What is no fault of the asker is told without particulars. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof OperatorError) {
    const { code, message, hint } = thrown;
    return {
      status: STATUSES[code] ?? 422,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    };
  }
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    const words = STATUS_CODES[status] ?? "Bad Request";
    const code = words.toUpperCase().replace(/[^A-Z]+/g, "_");
    return { status, code, message: `${(thrown as Error).message.replace(/\.$/, "")}.` };
  }
  return {
    status: 500,
    code: "INTERNAL",
    message: "Something went wrong on our side; the log of the server says what.",
  };
}

/** There is nothing at this address. @param hint where to go instead */
export function notFound(sentence: string, hint: string): OperatorError {
  return new OperatorError("NOT_FOUND", sentence, hint);
}
