import { setTimeout as sleep } from "node:timers/promises";

/** A wake-up for a loop that works, then waits: rings that come while it works are not lost. */
export interface Alarm {
  ring: () => void;
  /** Resolves at the next ring (or at once if it rang since), at the latest after the time. */
  wait: (milliseconds: number) => Promise<void>;
}

export function createAlarm(): Alarm {
  let rang = false;
  let awaken: () => void = () => undefined;
  return {
    ring: () => {
      rang = true;
      awaken();
    },
    wait: async (milliseconds) => {
      if (!rang) {
        const timer = new AbortController();
        const ringing = new Promise<void>((resolve) => (awaken = resolve));
        const timeout = sleep(milliseconds, undefined, { signal: timer.signal });
        await Promise.race([ringing, timeout]);
        timer.abort();
        timeout.catch(() => undefined);
      }
      rang = false;
    },
  };
}
