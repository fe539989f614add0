import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as openpgp from "openpgp";

/** A key that signs a small archive. */
export interface ArchiveKey {
  secret: openpgp.PrivateKey;
  /** Path of the keyring with its public half, binary, as apt and gpgv take it. */
  keyring: string;
}

/**
 * The key kept in a folder; made there when it is not (secret.asc with mode 0600, keyring.gpg).
 *
 * @param person who the key belongs to
 */
export async function archiveKey(
  folder: string,
  person = { name: "Laniakea demo archive", email: "archive@example.org" },
): Promise<ArchiveKey> {
  const secretFile = join(folder, "secret.asc");
  const keyring = join(folder, "keyring.gpg");
  const known = await readIfThere(secretFile);
  const secret =
    known === undefined
      ? await makeKey(person)
      : await openpgp.readPrivateKey({ armoredKey: known });
  await mkdir(folder, { recursive: true });
  await writeFile(keyring, secret.toPublic().write());
  if (known === undefined) await writeFile(secretFile, secret.armor(), { mode: 0o600 });
  return { secret, keyring };
}

/**
 * The text with a signature around it, as in InRelease. The last line end belongs to the frame,
 * not to what is signed (RFC 9580, section 7.1).
 */
export async function clearSign(text: string, key: ArchiveKey): Promise<string> {
  const signed = await openpgp.sign({
    message: await openpgp.createCleartextMessage({ text: text.replace(/\n$/, "") }),
    signingKeys: key.secret,
  });
  // The package ends lines with CR LF, which apt would take into the values.
  return signed.replaceAll("\r\n", "\n");
}

/** The signature of a text on its own, as in Release.gpg. */
export async function detachedSignature(text: string, key: ArchiveKey): Promise<string> {
  return openpgp.sign({
    message: await openpgp.createMessage({ binary: Buffer.from(text, "utf8") }),
    signingKeys: key.secret,
    detached: true,
  });
}

async function makeKey(person: { name: string; email: string }): Promise<openpgp.PrivateKey> {
  const { privateKey } = await openpgp.generateKey({
    // GnuPG 2.2 knows Ed25519 in this older form only.
    type: "ecc",
    curve: "ed25519Legacy",
    userIDs: [person],
    subkeys: [],
    format: "object",
  });
  return privateKey;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
