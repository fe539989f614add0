import { OperatorError } from "../core/errors.ts";
import type { ChannelKind } from "./channels/channel.ts";

/** The channel of a destination: `email` of `email:person@example.org`. */
export function channelOf(destination: string): string {
  return destination.slice(0, Math.max(destination.indexOf(":"), 0));
}

/** The address of a destination: `person@example.org` of `email:person@example.org`. */
export function addressOf(destination: string): string {
  return destination.slice(destination.indexOf(":") + 1);
}

/**
 * The canonical spelling of a destination that a person or a configuration names, so that the same
 * place is never told twice under two spellings.
 *
 * @throws OperatorError `BAD_DESTINATION`
 */
export function canonicalDestination(text: string, kinds: readonly ChannelKind[]): string {
  const kind = kinds.find((one) => one.name === channelOf(text));
  const address = kind?.canonical(addressOf(text));
  if (kind !== undefined && address !== undefined) return `${kind.name}:${address}`;
  const examples = kinds.map((one) => one.example).join(", ");
  throw new OperatorError(
    "BAD_DESTINATION",
    `${JSON.stringify(text)} is not a destination.`,
    `Destinations are written like: ${examples}`,
    { exitStatus: 2 },
  );
}
