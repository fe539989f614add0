import { database } from "../../database/connect.ts";
import type { Message } from "../../message.ts";
import type { Fact } from "../module.ts";

interface SourceRow {
  reader: string;
  endpoint: string;
  heardAt: Date | null;
  silentSince: Date | null;
}

function loadSources(): Promise<SourceRow[]> {
  return database().query<SourceRow>(
    `select reader, endpoint, heard_at as "heardAt", silent_since as "silentSince"
       from bus_source order by endpoint, reader`,
  );
}

/** What `doctor` says of the bus: which Lighthouses are heard, and which are silent. */
export async function lighthouseChecks(): Promise<Message[]> {
  const sources = await loadSources();
  return sources.map(({ reader, endpoint, silentSince }) => {
    if (silentSince === null) return { tone: "good", headline: [`${endpoint} is heard.`] };
    return {
      tone: "bad",
      headline: [`The ${reader} has not heard ${endpoint} since ${silentSince.toISOString()}.`],
      next: ["Start it, open its port, or take it out of lighthouse.servers.publish."],
    };
  });
}

/** The row of `status`: only when a Lighthouse is silent. */
export async function lighthouseStatus(): Promise<Fact[]> {
  const silent = (await loadSources()).filter(({ silentSince }) => silentSince !== null);
  return silent.map(({ reader, endpoint, silentSince }) => ({
    message: {
      tone: "bad",
      headline: [{ strong: "Lighthouse" }, ` ${endpoint} is silent`],
      next: ["For more: doctor"],
    },
    data: { kind: "lighthouse", endpoint, reader, silentSince },
  }));
}
