import { database, inTransaction } from "../core/database/connect.ts";
import type { Heard } from "../core/events/follower.ts";
import { storeEvents } from "../core/events/journal.ts";
import { savePositions } from "../core/events/positions.ts";
import { quarantine, type QuarantinedFrame } from "../core/events/quarantine.ts";
import { addToTally, readTally, type Tally } from "../core/events/tally.ts";
import { decodeFrame, type VerifiedEvent } from "../core/events/verify.ts";

/** Arbitrary but fixed: "lkhi" as bytes. */
const INTAKE_LOCK = 0x6c6b_6869;
/** The name under which the hubs of a database keep their positions. */
export const HUB_READER = "hub";

/**
 * Writes down what was heard, all in one transaction: accepted events into the journal (once,
 * however often they come), the others into quarantine with the reason, and how far we are.
 *
 * @returns what became of these frames
 */
export function takeIn(heard: readonly Heard[]): Promise<Tally> {
  const events: VerifiedEvent[] = [];
  const refused: QuarantinedFrame[] = [];
  const quarantined: Record<string, number> = {};
  for (const { bytes, source, verdict } of heard) {
    if (bytes === undefined || verdict === undefined) continue;
    if (verdict.accepted) {
      events.push(verdict.event);
      continue;
    }
    const { reason, signer, tag, code } = verdict;
    refused.push({ source, code, reason, signer, tag, body: decodeFrame(bytes) });
    quarantined[code] = (quarantined[code] ?? 0) + 1;
  }
  const positions = heard.flatMap(({ position }) => position ?? []);
  return inTransaction(async () => {
    // Hubs that hear the same events in another order would wait for each other in a ring.
    await database().query("select pg_advisory_xact_lock($1)", [INTAKE_LOCK]);
    const stored = (await storeEvents(firstOfEach(events), "bus")).size;
    await quarantine(refused);
    const duplicate = events.length - stored;
    await savePositions(HUB_READER, positions);
    const tally = { received: events.length + refused.length, stored, duplicate, quarantined };
    await addToTally("intake_tally", tally);
    return tally;
  });
}

/** The same event from several publishers, in one batch: it uses up one journal number. */
function firstOfEach(events: VerifiedEvent[]): VerifiedEvent[] {
  const first = new Map<string, VerifiedEvent>();
  for (const event of events) if (!first.has(event.uuid)) first.set(event.uuid, event);
  return [...first.values()];
}

/** The books of all frames that hubs on this database ever took in. */
export function intakeBooks(): Promise<Tally> {
  return readTally("intake_tally");
}
