import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Inline } from "../../core/message.ts";
import { mayRun } from "../../core/operation/ask.ts";
import type { Caller } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import { describeWanted, type Subscription } from "../routing/subscription/subscription.ts";

/** The flag by which operators speak for another destination. */
export const to = z.string().optional().meta({
  description: "another destination, such as email:person@example.org; for operators",
});

/**
 * Where the caller is, or the destination that an operator names instead.
 *
 * @throws OperatorError `NO_ROOM`, `BAD_DESTINATION`, `FORBIDDEN`
 */
export function destinationFor(caller: Caller, named: string | undefined): string {
  if (named === undefined) {
    if (caller.room !== undefined) return caller.room;
    throw new OperatorError(
      "NO_ROOM",
      "You are in no room, so it is not clear who is to hear.",
      "Name a destination: --to email:person@example.org",
      { exitStatus: 2 },
    );
  }
  const destination = canonicalDestination(named, channelKinds);
  if (destination === caller.room || mayRun(caller.role, "operator")) return destination;
  throw new OperatorError(
    "FORBIDDEN",
    `--to needs the role operator; ${caller.name} has ${caller.role}.`,
    "Without --to it is about this room.",
  );
}

/** What others follow in a room is theirs to end, and operators'. */
export function mayEnd(caller: Caller, subscription: Subscription): boolean {
  return subscription.owner === caller.name || mayRun(caller.role, "operator");
}

/** A subscription as one line. */
export function wantedLine(subscription: Subscription): string {
  const { keywords } = subscription;
  const only = keywords === null ? "" : ` (${keywords.join(" ")})`;
  return plainInlines(describeWanted(subscription)) + only;
}

/** Pieces of a line as plain text. */
export function plainInlines(inlines: readonly Inline[]): string {
  return inlines
    .map((inline) => (typeof inline === "string" ? inline : (Object.values(inline)[0] ?? "")))
    .join("");
}
