import { settingPath } from "../config.ts";
import type { Environment } from "../operation/declare.ts";
import type { AdmissionRules } from "./admission.ts";
import { setUpEmitting } from "./emit.ts";
import { Keyring } from "./keyring.ts";

const DAY_MS = 86_400_000;

/** The keys of this machine, as `keys.directory` says. */
export function openKeyring({ settings, log }: Pick<Environment, "settings" | "log">): Keyring {
  return new Keyring(settingPath(settings, settings.config.keys.directory), { log });
}

/** Who may say what on this machine, and how late. */
export function admissionRules(
  { settings }: Pick<Environment, "settings">,
  keyring: Keyring,
): AdmissionRules {
  return { authority: keyring, window: settings.config.lighthouse.window_days * DAY_MS };
}

/** Makes `emitEvent` work in this program. Called once, before anything runs. */
export function setUpEvents(environment: Environment): void {
  setUpEmitting({
    catalogue: environment.registry.events,
    keyring: openKeyring(environment),
    log: environment.log,
    forward: environment.settings.config.lighthouse.servers.submit.length > 0,
  });
}
