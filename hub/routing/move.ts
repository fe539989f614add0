import { database, inTransaction } from "../../core/database/connect.ts";
import { movePace } from "../pacing/move.ts";

/** Lets what was meant for one destination go to another: what it follows, and what still waits. */
export function moveDestination(from: string, to: string): Promise<void> {
  return inTransaction(async () => {
    // Where the new destination follows the same already, the old one ends.
    await database().query(
      `update subscription gone set ended_at = now(), ended_by = 'moved'
        from subscription kept
        where gone.destination = $1 and kept.destination = $2
          and gone.ended_at is null and kept.ended_at is null
          and (gone.kind, gone.value, gone.condition) = (kept.kind, kept.value, kept.condition)`,
      [from, to],
    );
    await database().query(
      "update subscription set destination = $2 where destination = $1 and ended_at is null",
      [from, to],
    );
    await movePace(from, to);
    // Edits stay: what they change is in the old place.
    await database().query(
      `update delivery waiting set destination = $2
        where destination = $1 and state = 'pending' and edits is null
          and (lease_until is null or lease_until < now())
          and not exists (select 1 from delivery told
                           where told.destination = $2 and told.event_id = waiting.event_id)`,
      [from, to],
    );
  });
}
