/** Something that the database shows and the journal does not tell. */
export interface UntoldEvent {
  /**
   * Names the state, the same for everybody who finds it: the uuid of the event is made of it, so
   * that it is told once, whoever finds it and however often.
   */
  key: string;
  tag: string;
  /** As the declaration of the tag has it. */
  data: Record<string, unknown>;
  /** When it happened. */
  time: Date;
}

/** Where to look, in the time of the database. */
export interface RecoveryWindow {
  /** States that came about after this … */
  from: Date;
  /** … and not after this. */
  until: Date;
  /** At most so many. */
  limit: number;
}

/**
 * A table whose rows must each have been told by an event. A module declares what of its events can
 * be found again (`Module.recover`); the hub looks, and tells (hub/recover).
 */
export interface RecoverySource {
  /** As in the books and in `recover`: `jobs`, `archive`. */
  name: string;
  /** What is compared with the journal, a few words. */
  summary: string;
  /** What it can tell again. */
  tags: readonly string[];
  /**
   * States of a window without their event, the oldest first; called in a transaction. State and
   * journal must be read by one statement, so that a transaction that writes both is never seen half.
   */
  find(window: RecoveryWindow): Promise<UntoldEvent[]>;
}

/** How much later than the state, in seconds, the clock of the event's row may run. */
export const CLOCK_SECONDS = 5;
