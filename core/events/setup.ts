import { settingPath } from "../config.ts";
import type { Environment } from "../operation/declare.ts";
import { setUpEmitting } from "./emit.ts";
import { Keyring } from "./keyring.ts";

/** The keys of this machine, as `keys.directory` says. */
export function openKeyring({ settings, log }: Pick<Environment, "settings" | "log">): Keyring {
  return new Keyring(settingPath(settings, settings.config.keys.directory), { log });
}

/** Makes `emitEvent` work in this program. Called once, before anything runs. */
export function setUpEvents(environment: Environment): void {
  setUpEmitting({
    catalogue: environment.registry.events,
    keyring: openKeyring(environment),
    log: environment.log,
  });
}
