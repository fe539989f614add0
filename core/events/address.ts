import type { Config } from "../config.ts";
import type { LighthouseAddress } from "./follower.ts";

/** The Lighthouses that this machine listens to: those of the configuration, by default our own. */
export function lighthousesOf({ lighthouse }: Config): LighthouseAddress[] {
  const { servers } = lighthouse;
  if (servers.publish.length > 0) return paired(servers);
  // Several endpoints of our own publish the same: any replay endpoint will do.
  const replay = lighthouse.publish.map(
    (_, place) => lighthouse.replay[place % Math.max(lighthouse.replay.length, 1)],
  );
  return paired({ publish: lighthouse.publish, replay });
}

/** Publish endpoints and the replay endpoints in the same places. */
export function paired(endpoints: {
  publish: readonly string[];
  replay: readonly (string | undefined)[];
}): LighthouseAddress[] {
  return endpoints.publish.map((endpoint, place) => ({
    publish: connectable(endpoint),
    replay: optional(endpoints.replay[place]),
  }));
}

function optional(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : connectable(endpoint);
}

/** What is bound on all addresses of this machine is reached on its own. */
function connectable(endpoint: string): string {
  return endpoint.replace("//*:", "//127.0.0.1:");
}
