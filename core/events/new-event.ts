import { makeEnvelope } from "./envelope.ts";
import type { JsonObject } from "./json.ts";
import { type SigningKey, signObject } from "./signature.ts";

/** A new event, signed if there is a key. */
export function newEvent(
  tag: string,
  data: Record<string, unknown>,
  key: SigningKey | undefined,
): JsonObject {
  const event = makeEnvelope(tag, data);
  return key === undefined ? event : signObject(event, key);
}

/** The module that a tag belongs to: `archive` of `_lk.archive.package-src-removed`. */
export function moduleOfTag(tag: string): string {
  return /^_lk\.([^.]+)\./.exec(tag)?.[1] ?? "general";
}
