import { maySay, type Rights } from "./rights.ts";
import type { TrustedKeys } from "./signature.ts";
import { type FrameVerdict, shown, type VerifiedEvent, verifyFrame } from "./verify.ts";

/** Whose signatures count, and what each of them may say. */
export interface Authority extends TrustedKeys {
  rights(signer: string): Rights;
}

/**
 * How a frame reached us: handed in by its maker, published by a Lighthouse, or asked for from one
 * over its replay socket, where old events are what one asks for.
 */
export type Channel = "submit" | "bus" | "replay";

export interface AdmissionRules {
  authority: Authority;
  /** How old an event may be, in milliseconds; less than uuids are remembered. */
  window: number;
  /** For tests; the clock otherwise. */
  now?: () => number;
}

/** Clocks of honest machines are no further ahead. */
const AHEAD_MS = 10 * 60_000;

/**
 * Decides on a frame from outside: the signatures (`verifyFrame`), whether who signed may say it,
 * and whether it is of our time. A captured event can never come again: within the window its
 * uuid is known, and later it is too old.
 */
export function admitFrame(
  bytes: Uint8Array,
  channel: Channel,
  rules: AdmissionRules,
): FrameVerdict {
  const verdict = verifyFrame(bytes, rules.authority);
  if (!verdict.accepted) return verdict;
  const { event, signers } = verdict;
  const signer = signers.find((one) => may(one, signers, event.tag, channel, rules.authority));
  if (signer === undefined) {
    const names = signers.map(shown).join(", ");
    return refuse("not-allowed", `${names} may not say ${event.tag}`, event);
  }
  const age = (rules.now?.() ?? Date.now()) - event.time.getTime();
  if (channel !== "replay" && age > rules.window) {
    return refuse("too-old", `it is of ${event.time.toISOString()}, which is too long ago`, event);
  }
  if (age < -AHEAD_MS) {
    return refuse("too-new", `it is of ${event.time.toISOString()}, which is yet to come`, event);
  }
  return signer === verdict.signer ? verdict : { ...verdict, signer, event: { ...event, signer } };
}

/**
 * Whose event it is decides. A Lighthouse signs beside them, so its word alone counts only where
 * no other signature could be checked: job events, those of modules without a key, and those of
 * signers whom only the Lighthouse knows. It has checked them, if it is one of ours.
 */
function may(
  signer: string,
  signers: readonly string[],
  tag: string,
  channel: Channel,
  authority: Authority,
): boolean {
  const rights = authority.rights(signer);
  const { relayed, deny } = rights;
  if (relayed === undefined) return maySay(rights, tag);
  if (signers.some((one) => authority.rights(one).relayed === undefined)) return false;
  return maySay(channel === "submit" ? rights : { allow: relayed, deny }, tag);
}

function refuse(
  code: "not-allowed" | "too-old" | "too-new",
  reason: string,
  { tag, signer }: VerifiedEvent,
): FrameVerdict {
  return { accepted: false, code, reason, tag, ...(signer === null ? {} : { signer }) };
}
