/**
 * What our Lighthouse adds to Laniakea's submission, which is one frame and never answered. A
 * second frame asks for an answer on the same socket; the Python one reads the first frame only.
 *
 *     {"tag": …}  ack          → {"accepted": UUID, "duplicate": false}
 *     {"tag": …}  ack 17       → {"accepted": UUID, "duplicate": true, "number": 17}
 *                                {"refused": "why", "number": 17}
 *     {}          hello        → {"acknowledges": true}
 *
 * Answers come when the event is on disk, in any order; one message may hold several, one a frame.
 */

/** Taken or refused; with the number that was asked with. */
export type Acknowledgement = ({ accepted: string; duplicate: boolean } | { refused: string }) & {
  number?: number;
};

/** What a second frame asks for. */
export type AnswerRequest = { kind: "hello" } | { kind: "acknowledge"; number?: number };

/** Asks whether this Lighthouse acknowledges at all. `{}` is no event: the peer passes over it. */
export const GREETING: [string, string] = ["{}", "hello"];
export const GREETING_ANSWER = JSON.stringify({ acknowledges: true });

const REQUEST = /^ack(?: (\d{1,15}))?$/;

/** The second frame that asks for an acknowledgement. */
export function acknowledgeRequest(number?: number): string {
  return number === undefined ? "ack" : `ack ${number}`;
}

/** Reads a second frame; undefined when it asks for nothing we know. */
export function readAnswerRequest(frame: Buffer | undefined): AnswerRequest | undefined {
  if (frame === undefined) return undefined;
  const text = frame.toString("latin1");
  if (text === GREETING[1]) return { kind: "hello" };
  const match = REQUEST.exec(text);
  if (match === null) return undefined;
  return { kind: "acknowledge", ...(match[1] === undefined ? {} : { number: Number(match[1]) }) };
}

/** Reads one frame of an answer; undefined when it is none, whoever sent it. */
export function readAnswer(frame: Buffer): Acknowledgement | { acknowledges: true } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(frame.toString());
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  if ("acknowledges" in answer) return { acknowledges: true };
  return "accepted" in answer || "refused" in answer ? (answer as Acknowledgement) : undefined;
}
