import { createHmac, timingSafeEqual } from "node:crypto";
import { readSecret, type Settings, settingPath } from "../../core/config.ts";
import { OperatorError } from "../../core/errors.ts";
import { makeSecretFile } from "../../core/secret-file.ts";

/** What a seal is good for; for anything else it is worth nothing. */
export type Purpose = "bounce" | "unsubscribe" | "confirm";

/**
 * Ids with a proof that we gave them out: who has one need not log in, and nobody can make one.
 * Nothing is stored, so that links work as long as the secret does.
 */
export interface Seals {
  /** The 16 bytes of a uuid and so many bytes of proof (HMAC-SHA256, shortened). */
  seal(purpose: Purpose, uuid: string, proofBytes: number): Buffer;
  /** The uuid, or undefined when the proof is not ours. */
  open(purpose: Purpose, sealed: Buffer, proofBytes: number): string | undefined;
}

const UUID_BYTES = 16;
const LEAST_SECRET = 32;

/**
 * Reads `email.secret_file`, and makes it when it is missing. To change the secret, put a new line
 * above the old one: the first line seals, what any line sealed is believed, so that links in mails
 * of the last months go on to work until the old line is taken out.
 *
 * @throws OperatorError when the file can be read by others, or a line is too short to be a secret
 */
export async function openSeals(settings: Settings): Promise<Seals> {
  const path = settings.config.email.secret_file;
  await makeSecretFile(settingPath(settings, path));
  return createSeals(readSecret(settings, path, "email.secret_file").split(/\s+/));
}

/**
 * @param secrets the one that seals, then older ones; never empty
 * @throws OperatorError `SECRET_SHORT`
 */
export function createSeals(secrets: readonly string[]): Seals {
  const [newest] = secrets;
  if (newest === undefined || secrets.some((secret) => secret.length < LEAST_SECRET)) {
    throw new OperatorError(
      "SECRET_SHORT",
      `A line of email.secret_file has less than ${LEAST_SECRET} characters.`,
      "Write a random one: openssl rand -base64 32",
    );
  }
  return {
    seal(purpose, uuid, proofBytes) {
      const id = Buffer.from(uuid.replaceAll("-", ""), "hex");
      return Buffer.concat([id, proof(newest, purpose, id, proofBytes)]);
    },
    open(purpose, sealed, proofBytes) {
      if (sealed.length !== UUID_BYTES + proofBytes) return undefined;
      const id = sealed.subarray(0, UUID_BYTES);
      const given = sealed.subarray(UUID_BYTES);
      const ours = secrets.some((secret) =>
        timingSafeEqual(given, proof(secret, purpose, id, proofBytes)),
      );
      return ours ? uuidOf(id) : undefined;
    },
  };
}

function proof(secret: string, purpose: Purpose, id: Buffer, bytes: number): Buffer {
  return createHmac("sha256", secret).update(`${purpose}\0`).update(id).digest().subarray(0, bytes);
}

function uuidOf(id: Buffer): string {
  return id.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
