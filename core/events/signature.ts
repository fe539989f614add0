import sodium from "sodium-native";
import nacl from "tweetnacl";
import { canonicalTextWithout } from "./canonical.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

/** A key that signs, under the id that receivers know it by. */
export interface SigningKey {
  signer: string;
  /** Seed and public key, 64 bytes, as NaCl keeps them. Never logged. */
  secret: Buffer;
}

/** Who is trusted: several keys for one signer while an old one is being replaced. */
export interface TrustedKeys {
  verifyKeys(signer: string): readonly Buffer[];
}

/** What the signatures of an object say. */
export type Verdict =
  | { kind: "valid"; signers: [string, ...string[]] }
  | { kind: "wrong"; signer: string }
  | { kind: "untrusted"; signers: string[] };

/** Laniakea's only key version is 0. */
export const KEY_ID = "ed25519:0";
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** As it is written: 64 bytes in 86 characters, of which the last has four bits that are zero. */
const USUAL_SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]$/;
const NOT_SIGNED = ["signatures", "unsigned"] as const;

/** A new random key. */
export function newSigningKey(signer: string): SigningKey {
  return { signer, secret: Buffer.from(nacl.sign.keyPair().secretKey) };
}

/** The key of a 32-byte seed in base64, or undefined when the text is none. */
export function readSigningKey(signer: string, seed: string): SigningKey | undefined {
  const bytes = decodeBase64(seed, KEY_BYTES);
  if (bytes === undefined) return undefined;
  return { signer, secret: Buffer.from(nacl.sign.keyPair.fromSeed(bytes).secretKey) };
}

/** The public key of base64 text, or undefined when the text is none. */
export function readVerifyKey(text: string): Buffer | undefined {
  return decodeBase64(text, KEY_BYTES);
}

/** The seed as key files keep it: base64 without padding. */
export function seedText(key: SigningKey): string {
  return encodeBase64(key.secret.subarray(0, KEY_BYTES));
}

/** The public half as key files keep it: base64 without padding. */
export function verifyKeyText(key: SigningKey): string {
  return encodeBase64(verifyKeyOf(key));
}

/** The public half of a key. */
export function verifyKeyOf(key: SigningKey): Buffer {
  return key.secret.subarray(KEY_BYTES);
}

/**
 * The object with one more signature; those of others stay. Everything but `signatures` and
 * `unsigned` is covered.
 */
export function signObject(object: JsonObject, key: SigningKey): JsonObject {
  const given = object.get("signatures");
  const signatures: JsonObject = new Map(isObject(given) ? given : []);
  const own = signatures.get(key.signer);
  const keys: JsonObject = new Map(isObject(own) ? own : []);
  keys.set(KEY_ID, signatureText(signedBytes(object), key));
  signatures.set(key.signer, keys);
  return new Map(object).set("signatures", signatures);
}

/** The member `signatures` of an event that nobody has signed before. @param bytes that it covers */
export function newSignatures(bytes: Buffer, key: SigningKey): JsonObject {
  return new Map([[key.signer, new Map([[KEY_ID, signatureText(bytes, key)]])]]);
}

/** The signature over bytes, as `signatures` keep it under `KEY_ID`. */
export function signatureText(bytes: Buffer, key: SigningKey): string {
  const signature = Buffer.alloc(SIGNATURE_BYTES);
  sodium.crypto_sign_detached(signature, bytes, key.secret);
  return encodeBase64(signature);
}

/**
 * Checks all signatures whose signer is trusted. One valid is enough; one wrong under a trusted
 * name spoils all, whatever their order.
 */
export function checkSignatures(object: JsonObject, trusted: TrustedKeys): Verdict {
  return checkMessage(object.get("signatures"), () => signedBytes(object), trusted);
}

/** As `checkSignatures`, for what stands in `signatures` and the bytes it covers, once needed. */
export function checkMessage(
  signatures: Json | undefined,
  covered: () => Buffer,
  trusted: TrustedKeys,
): Verdict {
  if (!isObject(signatures)) return { kind: "untrusted", signers: [] };
  let message: Buffer | undefined;
  const valid: string[] = [];
  for (const [signer, byKey] of signatures) {
    const keys = trusted.verifyKeys(signer);
    if (keys.length === 0) continue;
    if (isObject(byKey) && !byKey.has(KEY_ID)) continue;
    const signature = isObject(byKey) ? readSignature(byKey.get(KEY_ID)) : undefined;
    const bytes = (message ??= covered());
    const right =
      signature !== undefined &&
      keys.some((key) => sodium.crypto_sign_verify_detached(signature, bytes, key));
    if (!right) return { kind: "wrong", signer };
    valid.push(signer);
  }
  const [first, ...others] = valid;
  if (first === undefined) return { kind: "untrusted", signers: [...signatures.keys()] };
  return { kind: "valid", signers: [first, ...others] };
}

/** The bytes that signatures cover. */
export function signedBytes(object: JsonObject): Buffer {
  return Buffer.from(canonicalTextWithout(object, NOT_SIGNED), "utf8");
}

/** A signature has one spelling only, so that no frame can be varied and still be accepted. */
function readSignature(value: Json | undefined): Buffer | undefined {
  if (typeof value !== "string") return undefined;
  if (USUAL_SIGNATURE.test(value)) return Buffer.from(value, "base64");
  const bytes = decodeBase64(value, SIGNATURE_BYTES);
  return bytes && encodeBase64(bytes) === toStandard(value) ? bytes : undefined;
}

/** Base64 in the standard alphabet without padding, as Matrix and Laniakea write it. */
function encodeBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/**
 * Reads base64 in the standard or the URL-safe alphabet, padding optional. Keys may have been
 * typed with stray bits at the end (the peer's own test key is).
 */
function decodeBase64(text: string, length: number): Buffer | undefined {
  const standard = toStandard(text);
  const bytes = Buffer.from(standard, "base64");
  // Node skips characters that are none of the alphabet; nothing honest holds them.
  const honest =
    standard.length === Math.ceil((length * 4) / 3) && /^[A-Za-z0-9+/]*$/.test(standard);
  return honest && bytes.length === length ? bytes : undefined;
}

function toStandard(text: string): string {
  return text
    .replace(/={0,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
}
