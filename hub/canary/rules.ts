import type { Config } from "../../core/config.ts";
import { OperatorError } from "../../core/errors.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { canonicalDestination } from "../destination.ts";
import type { Rule } from "../routing/rules.ts";

export const CANARY_TAG = "_lk.core.canary";

/**
 * Who hears of canaries: the destinations of the configuration, and nobody else.
 *
 * @throws OperatorError `BAD_DESTINATION`; `BAD_CONFIG` for one that cannot be looked into
 */
export function canaryRules({ canary }: Config, kinds: readonly ChannelKind[]): Rule[] {
  return canary.to.map((text) => {
    const destination = canonicalDestination(text, kinds);
    if (!/^(matrix|email|room):/.test(destination)) {
      throw new OperatorError(
        "BAD_CONFIG",
        `canary.to names ${destination}, where nobody can look whether it arrived.`,
        "Name a room or a mailbox: matrix:, email: or room:.",
        { exitStatus: 2 },
      );
    }
    return { name: "canary.to in the configuration", destination, only: CANARY_TAG };
  });
}
