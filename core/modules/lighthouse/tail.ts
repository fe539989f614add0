import { createAlarm } from "../../alarm.ts";
import {
  createFollower,
  type FollowerOptions,
  type Heard as HeardOnBus,
} from "../../events/follower.ts";
import type { FrameVerdict } from "../../events/verify.ts";

/** One message of the bus and what we make of it. */
export interface Heard {
  endpoint: string;
  verdict: FrameVerdict;
}

/** Unread messages kept; a reader slower than the bus slows down our listening. */
const KEPT = 10_000;
/** Uuids remembered: several Lighthouses may publish one event. */
const REMEMBERED = 100_000;
const LOOK_MS = 60_000;

/**
 * What goes over the bus from now on, as it comes, until the signal; what gets lost on the way is
 * asked for, where there is a replay endpoint. Each event once, whoever published it. Needs no
 * database: it is a subscriber like any other, and verifies for itself.
 */
export async function* tailEvents(
  options: Pick<FollowerOptions, "lighthouses" | "keyring" | "decide" | "log"> & {
    signal: AbortSignal;
  },
): AsyncGenerator<Heard> {
  const { signal, ...following } = options;
  const heard: Heard[] = [];
  const known = new Set<string>();
  const alarm = createAlarm();
  const room = createAlarm();
  let over = false;

  async function onHeard({ source, verdict }: HeardOnBus): Promise<void> {
    if (verdict === undefined || isKnown(known, verdict)) return;
    while (heard.length >= KEPT && !signal.aborted && !over) await room.wait(LOOK_MS);
    heard.push({ endpoint: source, verdict });
    alarm.ring();
  }

  const follower = createFollower({ ...following, onHeard });
  signal.addEventListener("abort", alarm.ring, { once: true });
  signal.addEventListener("abort", room.ring, { once: true });
  await follower.start();
  try {
    while (!signal.aborted) {
      yield* heard.splice(0);
      room.ring();
      if (heard.length === 0) await alarm.wait(LOOK_MS);
    }
  } finally {
    over = true;
    room.ring();
    await follower.stop();
  }
}

/** Notes an accepted event; true when it was there before. */
function isKnown(known: Set<string>, verdict: FrameVerdict): boolean {
  if (!verdict.accepted) return false;
  const { uuid } = verdict.event;
  if (known.has(uuid)) return true;
  known.add(uuid);
  if (known.size > REMEMBERED) for (const oldest of known) return !known.delete(oldest);
  return false;
}
