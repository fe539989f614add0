import type { Decision, Suppression } from "./decision.ts";
import { type Facts, factsFor } from "./facts.ts";
import type { Rulebook } from "./rulebook.ts";
import type { CompiledSilence, Silence } from "./silence.ts";

/**
 * What keeps a destination from being told of an event that it would hear of; undefined for
 * nothing. What answers a person's own deed is never kept back.
 */
export function suppressionOf(
  facts: Facts,
  { destination, urgent }: Decision,
  { subscribers, silences, inhibitions }: Rulebook,
  now: Date,
): Suppression | undefined {
  if (urgent === true) return undefined;
  const silence = silences.find((one) => isSilent(one, factsFor(facts, destination), now));
  if (silence !== undefined) return { by: "silence", name: silenceName(silence) };
  const inhibited = inhibitions.suppressing(facts, now);
  if (inhibited !== undefined) return inhibited;
  const wishes = subscribers.get(destination);
  if (wishes === undefined) return undefined;
  const actors = facts.values("uploader");
  const muted = actors.find((actor) => wishes.mutedPeople.includes(String(actor)));
  if (muted !== undefined) return { by: "muted", name: `${destination} muted ${muted}` };
  const own = actors.some((actor) => destination.toLowerCase() === `email:${actor}`);
  if (own && !wishes.ownActions) return { by: "own action", name: "it is their own action" };
  return undefined;
}

function isSilent({ startsAt, endsAt, holds }: CompiledSilence, facts: Facts, now: Date): boolean {
  return startsAt <= now && now < endsAt && holds(facts);
}

/** For people: `silence 4 of anna until 2026-11-22 18:00 UTC: rebuild of perl`. */
function silenceName({ id, owner, endsAt, comment }: Silence): string {
  const until = endsAt.toISOString().slice(0, 16).replace("T", " ");
  return `silence ${id} of ${owner} until ${until} UTC: ${comment}`;
}
