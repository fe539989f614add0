import * as openpgp from "openpgp";
import { asError, OperatorError } from "../errors.ts";
import type { SignatureReport, SignedFile, VerifierResult } from "./signature.ts";

/**
 * As gpgv, with the npm package openpgp: for machines without GnuPG and for armoured keyrings.
 * Its own policy refuses MD5, SHA-1 and RIPEMD-160, and RSA keys below 2047 bits.
 *
 * @param keys content of the keyring, armoured or binary
 * @throws OperatorError `KEYRING_UNREADABLE`
 */
export async function verifyWithOpenpgp(
  file: SignedFile,
  keyring: string,
  keys: Buffer,
): Promise<VerifierResult> {
  const verificationKeys = await readKeys(keyring, keys);
  const message =
    file.detached === undefined
      ? await openpgp.readCleartextMessage({ cleartextMessage: file.content.toString("utf8") })
      : await openpgp.createMessage({ binary: file.content });
  const verified = await openpgp.verify({
    message,
    verificationKeys,
    ...(file.detached === undefined ? {} : { signature: await readSignature(file.detached) }),
  });
  const signatures: SignatureReport[] = [];
  for (const result of verified.signatures) {
    signatures.push(await report(result, verificationKeys));
  }
  const text =
    file.detached === undefined ? Buffer.from(`${verified.data}\n`, "utf8") : file.content;
  return { text, signatures };
}

async function readKeys(keyring: string, keys: Buffer): Promise<openpgp.PublicKey[]> {
  try {
    const armoured = keys.subarray(0, 64).toString("latin1").includes("-----BEGIN");
    return await (armoured
      ? openpgp.readKeys({ armoredKeys: keys.toString("utf8") })
      : openpgp.readKeys({ binaryKeys: keys }));
  } catch (thrown) {
    throw new OperatorError(
      "KEYRING_UNREADABLE",
      `The keyring ${keyring} cannot be used: ${asError(thrown).message}.`,
      "It must hold exported public keys (gpg --export KEY > FILE); keyboxes need gpgv.",
      { cause: thrown },
    );
  }
}

function readSignature(bytes: Buffer): Promise<openpgp.Signature> {
  const armoured = bytes.subarray(0, 64).toString("latin1").includes("-----BEGIN");
  return armoured
    ? openpgp.readSignature({ armoredSignature: bytes.toString("utf8") })
    : openpgp.readSignature({ binarySignature: bytes });
}

async function report(
  result: openpgp.VerifyMessageResult["signatures"][number],
  keys: openpgp.PublicKey[],
): Promise<SignatureReport> {
  const keyId = result.keyID.toHex().toUpperCase();
  const key = keys.find((candidate) => candidate.getKeys(result.keyID).length > 0);
  if (key === undefined) return { verdict: "unknown-key", fingerprint: keyId };
  const fingerprint = key.getKeys(result.keyID)[0]?.getFingerprint().toUpperCase() ?? keyId;
  try {
    await result.verified;
    const packet = (await result.signature).packets[0];
    const signedAt = packet?.created ?? undefined;
    // It verifies as of the moment of signing; what counts is that the key is valid today.
    await key.getSigningKey(result.keyID, new Date());
    return { verdict: "good", fingerprint, ...(signedAt === undefined ? {} : { signedAt }) };
  } catch (thrown) {
    return { verdict: verdictOf(asError(thrown)), fingerprint };
  }
}

function verdictOf(error: Error): SignatureReport["verdict"] {
  let text = error.message;
  if (error.cause instanceof Error) text += ` ${error.cause.message}`;
  if (/revoked/i.test(text)) return "revoked";
  if (/expired/i.test(text)) return "expired";
  if (/insecure|digest algorithm|hash algorithm/i.test(text)) return "weak";
  if (/digest did not match|signature verification failed/i.test(text)) return "bad";
  return "unusable";
}
