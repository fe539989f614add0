import { Dealer } from "zeromq";
import { acknowledgeRequest, readAnswer } from "./acknowledge.ts";
import { wireText } from "./envelope.ts";
import type { JsonObject } from "./json.ts";

/** What a Lighthouse answered to a submission. */
export type SubmitOutcome =
  | { kind: "accepted" }
  | { kind: "duplicate" }
  | { kind: "refused"; reason: string }
  /** Handed over to a connected Lighthouse that does not acknowledge: the Python one never does. */
  | { kind: "handed-over" }
  /** Nobody took it in time. */
  | { kind: "unreachable" };

/**
 * Submits a signed event to one Lighthouse and waits for its word.
 *
 * @param timeout milliseconds for connecting, and again for the answer
 */
export async function submitEvent(
  event: JsonObject,
  endpoint: string,
  timeout = 3_000,
): Promise<SubmitOutcome> {
  const socket = new Dealer({
    // Waits for a connection instead of queueing into nothing.
    immediate: true,
    sendTimeout: timeout,
    receiveTimeout: timeout,
    ipv6: true,
    // Time for the last bytes to leave; the peer's default, for ever, hangs its programs.
    linger: timeout,
  });
  try {
    socket.connect(endpoint);
    try {
      await socket.send([wireText(event), acknowledgeRequest()]);
    } catch (thrown) {
      if (isTimeout(thrown)) return { kind: "unreachable" };
      throw thrown;
    }
    try {
      const [answer] = await socket.receive();
      return outcomeOf(answer);
    } catch (thrown) {
      if (isTimeout(thrown)) return { kind: "handed-over" };
      throw thrown;
    }
  } finally {
    socket.close();
  }
}

function outcomeOf(answer: Buffer | undefined): SubmitOutcome {
  const read = answer === undefined ? undefined : readAnswer(answer);
  if (read === undefined || "acknowledges" in read) return { kind: "handed-over" };
  if ("refused" in read) return { kind: "refused", reason: read.refused };
  return { kind: read.duplicate ? "duplicate" : "accepted" };
}

function isTimeout(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === "EAGAIN";
}
