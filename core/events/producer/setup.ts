import { join } from "node:path";
import type { Log } from "../../log.ts";
import type { SigningKey } from "../signature.ts";
import { settingPath, type Settings } from "../../config.ts";
import type { Environment } from "../../operation/declare.ts";
import { moduleOfTag } from "../new-event.ts";
import { openKeyring } from "../setup.ts";
import type { ProducerOptions } from "./producer.ts";

export interface ProducerSetup extends ProducerOptions {
  key: (tag: string) => SigningKey | undefined;
  log: Log;
}

/** How this machine emits towards other Lighthouses, as `[lighthouse.servers]` says. */
export function producerOptions(environment: Environment): ProducerSetup {
  const { settings, log } = environment;
  const keyring = openKeyring(environment);
  return {
    spool: spoolDirectory(settings),
    servers: submitServers(settings),
    key: (tag) => keyring.signingKey(moduleOfTag(tag)),
    log,
  };
}

/** As `producerOptions`, for what goes on from our journal: a spool of its own keeps its order. */
export function forwarderOptions(environment: Environment): ProducerSetup {
  const options = producerOptions(environment);
  return { ...options, spool: journalSpool(options.spool) };
}

/** The spools of this machine. */
export function spoolDirectories(settings: Settings): string[] {
  const spool = spoolDirectory(settings);
  return [spool, journalSpool(spool)];
}

function spoolDirectory(settings: Settings): string {
  return settingPath(settings, settings.config.lighthouse.servers.spool);
}

function journalSpool(spool: string): string {
  return join(spool, "journal");
}

/** Where events of this machine go: the servers that are named, or our own Lighthouse. */
export function submitServers(settings: Settings): string[] {
  const { submit, servers } = settings.config.lighthouse;
  if (servers.submit.length > 0) return servers.submit;
  return submit.map((endpoint) => endpoint.replace("//*:", "//127.0.0.1:"));
}
