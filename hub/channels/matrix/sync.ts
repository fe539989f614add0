import type { BackOff } from "./back-off.ts";
import type { SyncAnswer } from "./event.ts";
import { classifyFailure, HomeserverError } from "./homeserver-error.ts";

/** What the loop drives. */
export interface SyncSteps {
  /** The stored token; undefined: there is none, begin anew. */
  loadToken(): Promise<string | undefined>;
  saveToken(token: string | undefined): Promise<void>;
  poll(since: string | undefined): Promise<SyncAnswer>;
  /** Does all that the answer asks for; it is durable when this resolves. */
  handle(answer: SyncAnswer, since: string | undefined): Promise<void>;
  /** After each answer that was handled and kept. */
  onGood(): void;
  /** After each failure, with what went wrong. */
  onTrouble(problem: string, thrown: unknown): void;
  /** The homeserver does not know our token any more; messages in between cannot be known. */
  onLostPlace(): void;
}

/**
 * Follows the stream of events until the signal is aborted.
 *
 *     load token → poll → handle → save token → poll → …
 *                    ↑ failure: pause, then again from the token that is saved
 *
 * The order is the point. The token moves on only when what it covers has been handled, so a crash
 * anywhere repeats events and loses none; the SDK saves it first and awaits nobody. The loop is a
 * loop: the SDK's recursion keeps each round's promise for ever.
 *
 * @throws what ended it: a HomeserverError for a token that is not accepted
 */
export async function followSync(
  steps: SyncSteps,
  backOff: BackOff,
  signal: AbortSignal,
): Promise<void> {
  let since: string | undefined;
  let loaded = false;
  while (!signal.aborted) {
    try {
      if (!loaded) {
        since = await steps.loadToken();
        loaded = true;
      }
      const answer = await steps.poll(since);
      await steps.handle(answer, since);
      await steps.saveToken(answer.next_batch);
      since = answer.next_batch;
      backOff.reset();
      steps.onGood();
    } catch (thrown) {
      if (signal.aborted) return;
      const failure = classifyFailure(thrown);
      if (failure.fatal) throw thrown;
      steps.onTrouble(failure.reason, thrown);
      if (thrown instanceof ForeignToken) {
        steps.onLostPlace();
        await steps.saveToken(undefined);
        since = undefined;
      }
      await backOff.pause(signal, failure.afterMs);
    }
  }
}

/** The homeserver refused the token that the poll began from. */
export class ForeignToken extends HomeserverError {}
