import { readFile } from "node:fs/promises";
import { asError, OperatorError } from "../errors.ts";
import { verifyWithGpgv } from "./signature-gpgv.ts";

/** A text whose signature was verified. */
export interface VerifiedText {
  /** Exactly what was signed; nothing of the input around it. */
  text: Buffer;
  /** Fingerprint of the key that signed, hexadecimal and upper case. */
  fingerprint: string;
  signedAt: Date;
}

/** What is to be verified: a clear-signed file, or a file and the signature beside it. */
export interface SignedFile {
  /** Its name in errors. */
  name: string;
  content: Buffer;
  /** ASCII-armoured or binary; undefined when the content is clear-signed itself. */
  detached?: Buffer | undefined;
}

/** One signature of a file, as a verifier saw it. */
export interface SignatureReport {
  verdict: "good" | "bad" | "weak" | "expired" | "revoked" | "unknown-key" | "unusable";
  /** Of the key; only its last 16 digits when the key is unknown. */
  fingerprint: string;
  signedAt?: Date;
}

/** What a verifier found; judged by `judge`, so that all verifiers come to one verdict. */
export interface VerifierResult {
  text: Buffer;
  signatures: SignatureReport[];
}

/**
 * Verifies a signed Release file: at least one good signature of a key in the keyring, made with
 * a strong digest, and no bad one. Signatures of keys that are not in the keyring do not count.
 * Uses gpgv (GnuPG), which reads whatever keyrings the operator has; where it is not installed,
 * or the keyring is ASCII-armoured, the npm package openpgp.
 *
 * @param keyring path of a file with public keys
 * @throws OperatorError `KEYRING_MISSING`, `KEYRING_UNREADABLE`, `BAD_SIGNATURE`
 */
export async function verifySigned(
  file: SignedFile,
  keyring: string,
  signal?: AbortSignal,
): Promise<VerifiedText> {
  const keys = await readKeyring(keyring);
  if (file.detached === undefined) checkClearSigned(file);
  if (!isArmoured(keys)) {
    const result = await verifyWithGpgv(file, keyring, { signal });
    if (result !== undefined) return judge(file, keyring, result);
  }
  // Takes 60 ms to load, and most machines have gpgv.
  const { verifyWithOpenpgp } = await import("./signature-openpgp.ts");
  return judge(file, keyring, await verifyWithOpenpgp(file, keyring, keys));
}

/**
 * The keyring's bytes.
 *
 * @throws OperatorError `KEYRING_MISSING`, `KEYRING_UNREADABLE`
 */
export async function readKeyring(keyring: string): Promise<Buffer> {
  try {
    return await readFile(keyring);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") {
      throw new OperatorError(
        "KEYRING_MISSING",
        `The keyring ${keyring} does not exist.`,
        OTHER_KEYRING,
        { cause: thrown },
      );
    }
    throw new OperatorError(
      "KEYRING_UNREADABLE",
      `The keyring ${keyring} cannot be read: ${asError(thrown).message}.`,
      OTHER_KEYRING,
      { cause: thrown },
    );
  }
}

const OTHER_KEYRING =
  "Put the archive's public keys there, or name another file as keyring of the repository.";

const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
const END = "-----END PGP SIGNATURE-----";

/** One signed message and nothing around it, as apt demands: else unsigned text could slip in. */
function checkClearSigned(file: SignedFile): void {
  const text = file.content.toString("latin1");
  if (!text.startsWith(BEGIN)) throw badSignature(file, "it is not signed");
  const end = text.indexOf(END);
  if (end < 0) throw badSignature(file, "its signature is cut off");
  if (text.includes(`\n${BEGIN}`) || text.slice(end + END.length).trim() !== "") {
    throw badSignature(file, "it has text outside of the signed part");
  }
}

function isArmoured(keys: Buffer): boolean {
  return keys.subarray(0, 64).toString("latin1").trimStart().startsWith("-----BEGIN PGP");
}

const REASONS: Record<SignatureReport["verdict"], string> = {
  good: "is good",
  bad: "does not fit the text: the file was altered",
  weak: "uses a weak digest",
  expired: "is of a key that has expired, or has itself expired",
  revoked: "is of a key that was revoked",
  "unknown-key": "is of a key that is not in the keyring",
  unusable: "cannot be used",
};

/**
 * Decides over what a verifier found.
 *
 * @throws OperatorError `BAD_SIGNATURE` that says what is wrong with each signature
 */
export function judge(file: SignedFile, keyring: string, result: VerifierResult): VerifiedText {
  const good = result.signatures.find((signature) => signature.verdict === "good");
  const bad = result.signatures.some((signature) => signature.verdict === "bad");
  if (good !== undefined && !bad) {
    return {
      text: result.text,
      fingerprint: good.fingerprint,
      signedAt: good.signedAt ?? new Date(0),
    };
  }
  const reasons = result.signatures
    .filter((signature) => signature.verdict !== "good")
    .map(({ verdict, fingerprint }) => `the signature of ${fingerprint} ${REASONS[verdict]}`);
  throw badSignature(
    file,
    reasons.length === 0 ? "it has no signature" : reasons.join("; "),
    `Keys are taken from ${keyring}.`,
  );
}

function badSignature(file: SignedFile, reason: string, hint?: string): OperatorError {
  return new OperatorError(
    "BAD_SIGNATURE",
    `The signature of ${file.name} is not accepted: ${reason}.`,
    `Nothing was stored.${hint === undefined ? "" : ` ${hint}`}`,
  );
}
