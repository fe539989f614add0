import { makeEnvelope } from "./envelope.ts";
import type { JsonObject } from "./json.ts";
import { type SigningKey, signObject } from "./signature.ts";

/**
 * A new event, signed if there is a key.
 *
 * @param uuid its own by default; who says the same again after a crash gives the same again
 * @param time when it happened, by default now
 */
export function newEvent(
  tag: string,
  data: Record<string, unknown>,
  key: SigningKey | undefined,
  uuid?: string,
  time?: Date,
): JsonObject {
  const event = makeEnvelope(tag, data, time);
  if (uuid !== undefined) event.set("uuid", uuid);
  return key === undefined ? event : signObject(event, key);
}

/** The module that a tag belongs to: `archive` of `_lk.archive.package-src-removed`. */
export function moduleOfTag(tag: string): string {
  return /^_lk\.([^.]+)\./.exec(tag)?.[1] ?? "general";
}
