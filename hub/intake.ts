import { database, inTransaction } from "../core/database/connect.ts";
import { quarantine, type QuarantinedFrame, storeEvents } from "../core/events/journal.ts";
import type { TrustedKeys } from "../core/events/signature.ts";
import { decodeFrame, type VerifiedEvent, verifyFrame } from "../core/events/verify.ts";

/** A message as it came from the bus. */
export interface ReceivedFrame {
  /** The event, byte for byte. */
  bytes: Uint8Array;
  /** The endpoint it came in by. */
  source: string;
}

/** What became of frames: `received` is always the sum of the others. */
export interface Intake {
  received: number;
  stored: number;
  duplicate: number;
  /** By the code of the refusal: `wrong-signature`. */
  quarantined: Record<string, number>;
}

/** Arbitrary but fixed: "lkhi" as bytes. */
const INTAKE_LOCK = 0x6c6b_6869;
/** Refused frames are kept for a look; a flood of them must not fill the disk. */
const KEPT_REFUSALS = 10_000;

/**
 * Decides on frames and writes down what they were, all in one transaction: accepted events into
 * the journal (once, however often they come), the others into quarantine with the reason.
 *
 * @returns what became of these frames
 */
export function takeIn(frames: readonly ReceivedFrame[], trusted: TrustedKeys): Promise<Intake> {
  const events: VerifiedEvent[] = [];
  const refused: QuarantinedFrame[] = [];
  const quarantined: Record<string, number> = {};
  for (const { bytes, source } of frames) {
    const verdict = verifyFrame(bytes, trusted);
    if (verdict.accepted) {
      events.push(verdict.event);
      continue;
    }
    const { reason, signer, tag, code } = verdict;
    refused.push({ source, reason, signer, tag, body: decodeFrame(bytes) });
    quarantined[code] = (quarantined[code] ?? 0) + 1;
  }
  return inTransaction(async () => {
    // Hubs that hear the same events in another order would wait for each other in a ring.
    await database().query("select pg_advisory_xact_lock($1)", [INTAKE_LOCK]);
    const stored = (await storeEvents(firstOfEach(events), "bus")).size;
    await keepRefused(refused);
    const duplicate = events.length - stored;
    const intake = { received: frames.length, stored, duplicate, quarantined };
    await addToTally(intake);
    return intake;
  });
}

/** The same event from several publishers, in one batch: it uses up one journal number. */
function firstOfEach(events: VerifiedEvent[]): VerifiedEvent[] {
  const first = new Map<string, VerifiedEvent>();
  for (const event of events) if (!first.has(event.uuid)) first.set(event.uuid, event);
  return [...first.values()];
}

async function keepRefused(refused: QuarantinedFrame[]): Promise<void> {
  if (refused.length === 0) return;
  await quarantine(refused);
  await database().query(
    `delete from event_quarantine where id <=
       (select id from event_quarantine order by id desc offset $1 limit 1)`,
    [KEPT_REFUSALS],
  );
}

async function addToTally(intake: Intake): Promise<void> {
  const counts: Record<string, number> = {
    received: intake.received,
    stored: intake.stored,
    duplicate: intake.duplicate,
  };
  for (const [code, count] of Object.entries(intake.quarantined)) {
    counts[`quarantined:${code}`] = count;
  }
  const outcomes = Object.keys(counts).filter((outcome) => counts[outcome] !== 0);
  await database().query(
    `insert into intake_tally as tally (outcome, count)
     select * from unnest($1::text[], $2::bigint[])
     on conflict (outcome) do update set count = tally.count + excluded.count`,
    [outcomes, outcomes.map((outcome) => counts[outcome])],
  );
}

/** The books of all frames that hubs on this database ever took in. */
export async function intakeBooks(): Promise<Intake> {
  const rows = await database().query<{ outcome: string; count: string }>(
    "select outcome, count from intake_tally",
  );
  const counts = new Map(rows.map((row) => [row.outcome, Number(row.count)]));
  const refusals = [...counts].filter(([outcome]) => outcome.startsWith("quarantined:"));
  return {
    received: counts.get("received") ?? 0,
    stored: counts.get("stored") ?? 0,
    duplicate: counts.get("duplicate") ?? 0,
    quarantined: Object.fromEntries(
      refusals.map(([outcome, count]) => [outcome.slice("quarantined:".length), count]),
    ),
  };
}
