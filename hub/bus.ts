import { lighthousesOf } from "../core/events/address.ts";
import { admitFrame } from "../core/events/admission.ts";
import { createFollower, type Follower, type Heard } from "../core/events/follower.ts";
import { loadPositions } from "../core/events/positions.ts";
import { lighthouseState } from "../core/events/sequence.ts";
import { admissionRules, openKeyring } from "../core/events/setup.ts";
import type { Environment } from "../core/operation/declare.ts";
import { HUB_READER } from "./intake.ts";

/** A connection to the bus that hands on what it hears; started last, stopped first. */
export type Subscribe = (onHeard: (heard: Heard) => Promise<void>) => Follower;

/** The hub's ear: the Lighthouses of the configuration, by default our own. */
export function busOf(environment: Environment): Subscribe {
  const { settings, log } = environment;
  const keyring = openKeyring(environment);
  const rules = admissionRules(environment, keyring);
  return (onHeard) =>
    createFollower({
      lighthouses: lighthousesOf(settings.config),
      keyring,
      decide: (bytes, channel) => admitFrame(bytes, channel, rules),
      load: () => loadPositions(HUB_READER),
      own: async () => (await lighthouseState()).id,
      onHeard,
      log,
    });
}
