import { admitFrame } from "../../core/events/admission.ts";
import { createFollower, type Follower, type Heard } from "../../core/events/follower.ts";
import type { LighthouseAddress } from "../../core/events/follower.ts";
import type { Keyring } from "../../core/events/keyring.ts";
import type { Position } from "../../core/events/published.ts";
import { silentLog } from "../../core/log.ts";

/** A subscriber of a test, what it heard, and where it stands. */
export interface TestFollower extends Follower {
  /** What the accepted events say in `data.message`, in the order in which they were handed on. */
  messages: string[];
  refused: Heard[];
  positions: Map<string, number>;
}

/** Follows Lighthouses as the hub does, keeping everything in memory. */
export function followAs(
  keyring: Keyring,
  lighthouses: LighthouseAddress[],
  options: { positions?: Map<string, number>; askAfterMs?: number } = {},
): TestFollower {
  const positions = options.positions ?? new Map<string, number>();
  const messages: string[] = [];
  const refused: Heard[] = [];
  const rules = { authority: keyring, window: 30 * 86_400_000 };
  const follower = createFollower({
    lighthouses,
    keyring,
    decide: (bytes, channel) => admitFrame(bytes, channel, rules),
    load: () => Promise.resolve([...positions].map(toPosition)),
    onHeard(heard) {
      const { position, verdict } = heard;
      if (position !== undefined) positions.set(position.lighthouse, position.sequence);
      if (verdict?.accepted === true) messages.push(said(verdict.event.data.toString()));
      else if (verdict !== undefined) refused.push(heard);
    },
    log: silentLog(),
    askAfterMs: options.askAfterMs ?? 200,
  });
  return { ...follower, messages, refused, positions };
}

function said(dataText: string): string {
  return String((JSON.parse(dataText) as { message?: string }).message);
}

function toPosition([lighthouse, sequence]: [string, number]): Position {
  return { lighthouse, sequence };
}
