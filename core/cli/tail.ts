import { lighthousesOf } from "../events/address.ts";
import { admitFrame } from "../events/admission.ts";
import { admissionRules, openKeyring } from "../events/setup.ts";
import { tailEvents } from "../modules/lighthouse/tail.ts";
import type { Environment } from "../operation/declare.ts";
import { printJson, type Terminal } from "./terminal.ts";

/** Prints what goes over the bus, a line or a JSON object each, until interrupted. */
export async function printEvents(environment: Environment, terminal: Terminal): Promise<void> {
  const keyring = openKeyring(environment);
  const rules = admissionRules(environment, keyring);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const events = tailEvents({
    lighthouses: lighthousesOf(environment.settings.config),
    keyring,
    decide: (bytes, channel) => admitFrame(bytes, channel, rules),
    signal: stop.signal,
    log: environment.log,
  });
  for await (const { endpoint, verdict } of events) {
    if (terminal.json) printJson(terminal, { endpoint, ...verdict });
    else if (verdict.accepted) {
      const { time, tag, signer, uuid } = verdict.event;
      terminal.out.write(`${time.toISOString()} ${tag} ${signer ?? "-"} ${uuid}\n`);
    } else terminal.out.write(`refused from ${endpoint}: ${verdict.reason}\n`);
  }
}
