import { canonicalText, fromPlain } from "../../events/canonical.ts";

/** The JSON of an answer, as the peer writes it: canonical. */
export function jsonReply(value: unknown): string {
  return canonicalText(fromPlain(value));
}

/** What a worker reads as an error: it tries again later. */
export function errorReply(sentence: string): string {
  return jsonReply({ error: sentence });
}

/** There is no job now; a worker asks again in half a minute. */
export const NO_JOB = "null";
/** A report was taken in. */
export const NOTED = "true";
/** The answer to signs of life: the frame is empty. */
export const HEARD = "";
