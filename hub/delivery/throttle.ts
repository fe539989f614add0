/**
 * Tells a limit that the other side sets for all of our account from one of a single destination.
 * Synapse limits the sender (`rc_message`), so that what one room is refused, all are; other
 * servers and proxies limit a room. Only the first kind may hold up others.
 */
export interface Throttle {
  /** Milliseconds until anything may be tried; 0: now. */
  wait(): number;
  /** How many may be under way at once. */
  places(): number;
  /** A destination was told to wait. */
  limited(destination: string, afterMs: number): void;
  /** A message was taken. */
  passed(): void;
}

/** So many destinations in a row, and none that passes, are no accident. */
const DESTINATIONS = 3;
/**
 * The longest first pause. Should the destinations have been limited one by one after all, others
 * lose this much, once; should it be the account, the next pause is twice as long.
 */
const FIRST_PAUSE_MS = 5_000;

/**
 * Counts limited destinations until one passes. After a pause one message goes first; each that
 * passes lets one more go beside it, and the first that is limited again makes all wait.
 *
 * @param most how many may be under way when nothing is limited
 * @param now  a clock in milliseconds that is never set
 */
export function createThrottle(most: number, now = () => performance.now()): Throttle {
  const limited = new Set<string>();
  let places = most;
  let until = 0;
  let pauseMs = FIRST_PAUSE_MS;

  return {
    wait: () => Math.max(0, until - now()),
    places: () => places,
    limited(destination, afterMs) {
      // What was under way when the pause began says nothing new.
      if (until > now()) return;
      limited.add(destination);
      if (limited.size < DESTINATIONS && places === most) return;
      until = now() + Math.min(afterMs, pauseMs);
      pauseMs *= 2;
      places = 1;
      limited.clear();
    },
    passed() {
      limited.clear();
      if (until > now()) return;
      places = Math.min(most, places + 1);
      pauseMs = FIRST_PAUSE_MS;
    },
  };
}
