import type { Config } from "../config.ts";
import type { LighthouseAddress } from "./follower.ts";

/** The Lighthouses that this machine listens to: those of the configuration, by default our own. */
export function lighthousesOf({ lighthouse }: Config): LighthouseAddress[] {
  const { servers } = lighthouse;
  const { publish, replay } = servers.publish.length > 0 ? servers : lighthouse;
  return publish.map((endpoint, place) => ({
    publish: connectable(endpoint),
    // Several endpoints of our own publish the same: any replay endpoint will do.
    replay: optional(replay[place] ?? (servers.publish.length > 0 ? undefined : replay[0])),
  }));
}

function optional(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : connectable(endpoint);
}

/** What is bound on all addresses of this machine is reached on its own. */
function connectable(endpoint: string): string {
  return endpoint.replace("//*:", "//127.0.0.1:");
}
