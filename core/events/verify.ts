import { jsonbText } from "./canonical.ts";
import { type Envelope, type EnvelopeFault, readEnvelope, readMembers } from "./envelope.ts";
import { isObject, type Json, type JsonObject, JsonError, parseJson } from "./json.ts";
import { type ScannedEvent, scanEvent } from "./scan.ts";
import { checkMessage, KEY_ID, signedBytes, type TrustedKeys } from "./signature.ts";

/** An event that was accepted, in the forms that journal and readers need. */
export interface VerifiedEvent {
  uuid: string;
  tag: string;
  time: Date;
  /** The first trusted signer, or null for an event of our own that nobody signed yet. */
  signer: string | null;
  /** The text as received, in UTF-8: the signed form. */
  body: Buffer;
  /** `data` as text for a jsonb column, in UTF-8, every digit kept. */
  data: Buffer;
  /** How it was read, when it is as usual: whoever publishes it need not read it again. */
  scanned?: ScannedEvent | undefined;
}

/** Stable words for counters; `reason` is the sentence for people. */
export type RefusalCode =
  | "too-large"
  | "not-json"
  | "not-an-object"
  | "member-missing"
  | "member-invalid"
  | "unsigned"
  | "untrusted"
  | "wrong-signature"
  | "not-allowed"
  | "too-old"
  | "too-new";

export interface Refusal {
  accepted: false;
  code: RefusalCode;
  reason: string;
  /** What the frame claims, unverified, as far as it could be read. */
  tag?: string;
  signer?: string;
}

export type FrameVerdict =
  | { accepted: true; event: VerifiedEvent; signer: string; signers: string[] }
  | Refusal;

/** The longest frame that is read: a thousand files and their changelog stay far below. */
export const MAX_EVENT_BYTES = 1 << 20;
const SHOWN_NAMES = 3;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decides on one frame as it came from the network. Invalid UTF-8 is read as U+FFFD, as the peer
 * does, so it verifies only if just that was signed.
 *
 * Never throws for what the frame holds.
 */
export function verifyFrame(bytes: Uint8Array, trusted: TrustedKeys): FrameVerdict {
  if (bytes.byteLength > MAX_EVENT_BYTES) {
    return refuse("too-large", `longer than ${MAX_EVENT_BYTES} bytes`);
  }
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readScanned(frame) ?? readParsed(decodeFrame(bytes));
  if ("accepted" in read) return read;
  const { envelope, signatures } = read;
  if ("code" in envelope) return { ...refuse(envelope.code, envelope.reason), ...read.claims() };
  if (!isObject(signatures) || signatures.size === 0) {
    return { ...refuse("unsigned", "not signed"), ...read.claims() };
  }
  const verdict = checkMessage(signatures, read.covered, trusted);
  if (verdict.kind === "wrong") {
    const reason = `the signature of ${shown(verdict.signer)} is wrong`;
    const signer = shown(verdict.signer);
    return { ...refuse("wrong-signature", reason), ...read.claims(), signer };
  }
  if (verdict.kind === "untrusted") {
    return { ...refuse("untrusted", untrusted(verdict.signers, trusted)), ...read.claims() };
  }
  const [signer] = verdict.signers;
  const { tag, uuid, time } = envelope;
  const event = { uuid, tag, time, signer, ...read.text() };
  return { accepted: true, event, signer, signers: verdict.signers };
}

/** What a frame holds, however it was read. */
interface ReadFrame {
  envelope: Omit<Envelope, "data"> | EnvelopeFault;
  signatures: Json | undefined;
  /** The bytes that signatures cover. */
  covered: () => Buffer;
  text: () => Pick<VerifiedEvent, "body" | "data" | "scanned">;
  /** What it says of itself, unverified. */
  claims: () => { tag?: string; signer?: string };
}

/** The usual frame. Anything that is not as usual is read by `readParsed`. */
function readScanned(body: Buffer): ReadFrame | undefined {
  const scanned = scanEvent(body);
  if (scanned === undefined) return undefined;
  const { tag, uuid, format, time, covered, signaturesText, data } = scanned;
  const signatures = signaturesText === undefined ? undefined : readSignatures(signaturesText);
  return {
    envelope: readMembers(tag, uuid, format, time),
    signatures,
    covered: () => covered,
    text: () => ({ body, data, scanned }),
    claims: () => claimsOf(tag, signatures),
  };
}

const USUAL_SIGNATURES = /^\{"([^"\\]+)":\{"ed25519:0":"([^"\\]+)"\}\}$/;

/** Mostly there is one signer with one signature, which need no parser. */
function readSignatures(text: string): Json {
  const [, signer, signature] = USUAL_SIGNATURES.exec(text) ?? [];
  if (signer === undefined || signature === undefined) return parseJson(text);
  return new Map([[signer, new Map([[KEY_ID, signature]])]]);
}

function readParsed(body: string): ReadFrame | Refusal {
  const object = parseObject(body);
  if (!isObject(object)) return object;
  const envelope = readEnvelope(object);
  const signatures = object.get("signatures");
  return {
    envelope,
    signatures,
    covered: () => signedBytes(object),
    text: () => ({
      body: Buffer.from(body),
      data: Buffer.from("data" in envelope ? jsonbText(envelope.data) : "{}"),
    }),
    claims: () => claimsOf(object.get("tag"), signatures),
  };
}

/** The text of a frame; a byte order mark stays, and makes it invalid JSON as for the peer. */
export function decodeFrame(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function parseObject(text: string): JsonObject | Refusal {
  let value: Json;
  try {
    value = parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof JsonError)) throw thrown;
    return refuse("not-json", `not valid JSON: ${thrown.message}`);
  }
  return isObject(value) ? value : refuse("not-an-object", "not an object");
}

/** For the quarantine: clipped, and nothing that disguises. */
function claimsOf(
  tag: Json | undefined,
  signatures: Json | undefined,
): { tag?: string; signer?: string } {
  const signer = isObject(signatures) ? [...signatures.keys()][0] : undefined;
  return {
    ...(typeof tag === "string" ? { tag: shown(tag) } : {}),
    ...(signer === undefined ? {} : { signer: shown(signer) }),
  };
}

function untrusted(signers: string[], trusted: TrustedKeys): string {
  const known = signers.find((signer) => trusted.verifyKeys(signer).length > 0);
  if (known !== undefined) return `no ed25519 signature of ${shown(known)}`;
  const names = signers.slice(0, SHOWN_NAMES).map(shown).join(", ");
  return `no trusted signer: ${names}${signers.length > SHOWN_NAMES ? ", …" : ""}`;
}

/** A name out of a frame as people may see it: clipped, and nothing that disguises. */
export function shown(text: string): string {
  return text.replace(/[\p{C}\p{Z}]/gu, "\ufffd").slice(0, 100);
}

function refuse(code: RefusalCode, reason: string): Refusal {
  return { accepted: false, code, reason };
}
