import type { Decision, Suppression } from "./decision.ts";
import type { Facts } from "./facts.ts";
import type { Rulebook } from "./rulebook.ts";

/**
 * What keeps a destination from being told of an event that it would hear of; undefined for
 * nothing. What answers a person's own deed is never kept back.
 */
export function suppressionOf(
  facts: Facts,
  { destination, urgent }: Decision,
  { subscribers }: Rulebook,
  _now: Date,
): Suppression | undefined {
  if (urgent === true) return undefined;
  const wishes = subscribers.get(destination);
  if (wishes === undefined) return undefined;
  const actors = facts.values("uploader");
  const muted = actors.find((actor) => wishes.mutedPeople.includes(String(actor)));
  if (muted !== undefined) return { by: "muted", name: `${destination} muted ${muted}` };
  const own = actors.some((actor) => destination.toLowerCase() === `email:${actor}`);
  if (own && !wishes.ownActions) return { by: "own action", name: "it is their own action" };
  return undefined;
}
