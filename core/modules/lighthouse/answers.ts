import { setImmediate as nextTurn } from "node:timers/promises";
import type { Router } from "zeromq";

/** Answers to submitters, gathered: those of one batch leave as one message to each of them. */
export interface Answers {
  /** @param identity the sender's, as ROUTER names it */
  give(identity: Buffer, answer: string): void;
  /** Sends what was given. */
  flush(): Promise<void>;
}

/** ZeroMQ's socket, seen as what answers need of it. */
type AnswerSocket = Pick<Router, "closed" | "send">;

export function createAnswers(socket: AnswerSocket): Answers {
  let waiting = new Map<string, [Buffer, ...string[]]>();
  let flushing: Promise<void> | undefined;

  /** A sender that left meanwhile hears nothing; ROUTER drops what it cannot deliver. */
  async function send(): Promise<void> {
    while (waiting.size > 0) {
      const messages = [...waiting.values()];
      waiting = new Map();
      for (const message of messages) {
        if (!socket.closed) await socket.send(message).catch(() => undefined);
      }
    }
    flushing = undefined;
  }

  return {
    give(identity, answer) {
      const name = identity.toString("latin1");
      const message = waiting.get(name);
      if (message === undefined) waiting.set(name, [identity, answer]);
      else message.push(answer);
      // After this turn of the event loop, when the whole batch has its answers.
      flushing ??= nextTurn().then(send);
    },
    flush: () => flushing ?? Promise.resolve(),
  };
}
