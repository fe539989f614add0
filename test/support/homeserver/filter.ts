import { record, strings } from "./content.ts";
import type { Content, StoredEvent, User } from "./world.ts";
import { Refusal } from "./world.ts";

/** The parts of a filter that this server heeds (client-server API, "Filtering"). */
export interface EventFilter {
  limit: number;
  types: string[] | undefined;
  notTypes: string[];
  senders: string[] | undefined;
  notSenders: string[];
  lazyLoadMembers: boolean;
}

/** A filter given as JSON or by the id of an uploaded one. @throws Refusal 400, 404 */
export function readFilter(user: User, text: string | undefined): Content {
  if (text === undefined || text === "") return {};
  if (!text.startsWith("{")) {
    const stored = user.filters[Number(text)];
    if (stored === undefined) throw new Refusal(404, "M_NOT_FOUND", "No such filter");
    return stored;
  }
  try {
    return record(JSON.parse(text));
  } catch {
    throw new Refusal(400, "M_NOT_JSON", "Invalid filter JSON");
  }
}

/** One leaf of a filter; a sync gives at most 100 events a room, 10 unless told. */
export function eventFilter(value: unknown): EventFilter {
  const filter = record(value);
  const limit = filter["limit"];
  return {
    limit: typeof limit === "number" ? Math.min(100, Math.max(1, limit)) : 10,
    types: strings(filter["types"]),
    notTypes: strings(filter["not_types"]) ?? [],
    senders: strings(filter["senders"]),
    notSenders: strings(filter["not_senders"]) ?? [],
    lazyLoadMembers: filter["lazy_load_members"] === true,
  };
}

export function passes(
  filter: EventFilter,
  event: Pick<StoredEvent, "type"> & { sender?: string },
): boolean {
  if (filter.notTypes.some((pattern) => matches(pattern, event.type))) return false;
  if (filter.types !== undefined && !filter.types.some((one) => matches(one, event.type))) {
    return false;
  }
  if (event.sender === undefined) return true;
  if (filter.notSenders.includes(event.sender)) return false;
  return filter.senders === undefined || filter.senders.includes(event.sender);
}

function matches(pattern: string, type: string): boolean {
  if (!pattern.includes("*")) return pattern === type;
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(type);
}

/** The part of a filter at a path of keys. */
export function filterPart(filter: Content, ...path: string[]): unknown {
  return path.reduce<unknown>((value, key) => record(value)[key], filter);
}
