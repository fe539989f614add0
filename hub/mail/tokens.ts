import { base32, fromBase32 } from "./base32.ts";
import type { Seals } from "./seals.ts";

/** 80 bits of proof: the address has at most 64 characters before the "@" (RFC 5321, 4.5.3.1.1). */
const SHORT_PROOF = 10;
const LONG_PROOF = 16;
/** Of 26 bytes in base32. */
const SHORT_LENGTH = 42;

/** Longest local part of `email.bounces` that leaves room for the token. */
export const BOUNCES_LOCAL_LIMIT = 64 - SHORT_LENGTH - 1;

/**
 * The envelope sender of a delivery: `bounces+TOKEN@example.org` of `bounces@example.org`. A report
 * about it comes back there, and names the delivery without us parsing anything (VERP); nobody
 * else can name one.
 */
export function bounceAddress(bounces: string, deliveryId: string, seals: Seals): string {
  const token = base32(seals.seal("bounce", deliveryId, SHORT_PROOF));
  return bounces.replace(/@(?=[^@]*$)/, `+${token}@`);
}

/** The delivery that mail to such an address is about; undefined for any other address. */
export function deliveryOfBounce(
  recipient: string,
  bounces: string,
  seals: Seals,
): string | undefined {
  const [local = "", domain = ""] = bounces.toLowerCase().split("@");
  const [, ourLocal, token, ourDomain] =
    /^(.+)\+([a-z2-7]{42})@(.+)$/.exec(recipient.toLowerCase()) ?? [];
  if (token === undefined || ourLocal !== local || ourDomain !== domain) return undefined;
  return openShort("bounce", token, seals);
}

/** What a person sends back to confirm commands; case does not count. */
export function confirmToken(commandId: string, seals: Seals): string {
  return base32(seals.seal("confirm", commandId, SHORT_PROOF));
}

/** The commands that a token confirms. */
export function commandOfToken(token: string, seals: Seals): string | undefined {
  return openShort("confirm", token, seals);
}

function openShort(purpose: "bounce" | "confirm", token: string, seals: Seals): string | undefined {
  const sealed = fromBase32(token);
  return sealed === undefined ? undefined : seals.open(purpose, sealed, SHORT_PROOF);
}

/** For the link in a mail that ends what made it come. */
export function unsubscribeToken(deliveryId: string, seals: Seals): string {
  return seals.seal("unsubscribe", deliveryId, LONG_PROOF).toString("base64url");
}

/** The delivery of such a link. */
export function deliveryOfToken(token: string, seals: Seals): string | undefined {
  if (!/^[\w-]{43}$/.test(token)) return undefined;
  const sealed = Buffer.from(token, "base64url");
  // Its last character has two spare bits: only one spelling is ours.
  if (sealed.toString("base64url") !== token) return undefined;
  return seals.open("unsubscribe", sealed, LONG_PROOF);
}
