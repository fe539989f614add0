import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ParsedMail, simpleParser } from "mailparser";
import * as openpgp from "openpgp";
import { verifyWithOpenpgp } from "../../core/debian/signature-openpgp.ts";
import { canonicalAddress } from "../channels/email/address.ts";

/** A text that the owner of an address signed. */
export interface SignedText {
  text: string;
  /** The same for the same signature: it counts once. */
  digest: string;
}

/** An older signature could have been overheard long ago; one of the future is from a wrong clock. */
const LONGEST_AGE_MS = 7 * 86_400_000;
const CLOCK_SKEW_MS = 3_600_000;

/**
 * The part of a mail that is signed (PGP/MIME of RFC 3156, or a cleartext signature) by a key of
 * the keyring that names the address. Undefined when there is none, it is not good, or not recent;
 * the mail is then worth as much as one without.
 *
 * @param keyring an absolute path: a file with keys, or a folder of such files
 */
export async function readSigned(
  source: Buffer,
  mail: ParsedMail,
  address: string,
  keyring: string,
): Promise<SignedText | undefined> {
  const signed = detachedIn(source, mail) ?? cleartextIn(mail);
  if (signed === undefined) return undefined;
  const keys = await keysOf(address, keyring);
  if (keys.length === 0) return undefined;
  const armour = keys.map((key) => key.armor()).join("\n");
  try {
    const result = await verifyWithOpenpgp(signed, keyring, Buffer.from(armour));
    const good = result.signatures.find((one) => one.verdict === "good" && isRecent(one.signedAt));
    if (good === undefined) return undefined;
    const digest = createHash("sha256")
      .update(result.text)
      .update(signed.detached ?? "")
      .digest("hex");
    if (signed.detached === undefined) return { text: result.text.toString("utf8"), digest };
    return { text: (await simpleParser(result.text)).text ?? "", digest };
  } catch {
    // Not a signature that anybody can read.
    return undefined;
  }
}

function isRecent(signedAt: Date | undefined): boolean {
  if (signedAt === undefined) return false;
  const age = Date.now() - signedAt.getTime();
  return age < LONGEST_AGE_MS && age > -CLOCK_SKEW_MS;
}

interface Signed {
  name: string;
  content: Buffer;
  detached?: Buffer;
}

function cleartextIn({ text = "" }: ParsedMail): Signed | undefined {
  const [block] =
    /-----BEGIN PGP SIGNED MESSAGE-----\r?\n.*?-----END PGP SIGNATURE-----/s.exec(text) ?? [];
  return block === undefined ? undefined : { name: "a mail", content: Buffer.from(block) };
}

/**
 * The first part of a multipart/signed as it was signed: its bytes with CRLF line ends, up to but
 * without the line end before the boundary (RFC 3156 section 5).
 */
function detachedIn(source: Buffer, mail: ParsedMail): Signed | undefined {
  const type: unknown = mail.headers.get("content-type");
  if (typeof type !== "object" || type === null || !("params" in type) || !("value" in type)) {
    return undefined;
  }
  const { boundary } = type.params as { boundary?: string };
  if (type.value !== "multipart/signed" || boundary === undefined) return undefined;
  const text = source.toString("latin1").replace(/\r?\n/g, "\r\n");
  const [, content, rest = ""] = text.split(`\r\n--${boundary}`);
  const [armour] = /-----BEGIN PGP SIGNATURE-----.*?-----END PGP SIGNATURE-----/s.exec(rest) ?? [];
  if (content === undefined || armour === undefined) return undefined;
  // The rest of the boundary's own line comes first.
  const begin = content.indexOf("\r\n") + 2;
  return {
    name: "a mail",
    content: Buffer.from(content.slice(begin), "latin1"),
    detached: Buffer.from(armour),
  };
}

/** Keys are few and change rarely, and so are signed mails: read each time, a new key counts at once. */
async function keysOf(address: string, keyring: string): Promise<openpgp.Key[]> {
  const files = statSync(keyring).isDirectory()
    ? readdirSync(keyring).map((name) => join(keyring, name))
    : [keyring];
  const found: openpgp.Key[] = [];
  for (const file of files) {
    for (const key of await readKeys(readFileSync(file))) {
      if (addressesOf(key).includes(address)) found.push(key);
    }
  }
  return found;
}

function readKeys(bytes: Buffer): Promise<openpgp.Key[]> {
  return bytes.subarray(0, 64).toString("latin1").includes("-----BEGIN")
    ? openpgp.readKeys({ armoredKeys: bytes.toString("utf8") })
    : openpgp.readKeys({ binaryKeys: bytes });
}

function addressesOf(key: openpgp.Key): (string | undefined)[] {
  return key.getUserIDs().map((id) => canonicalAddress(/<([^<>]*)>\s*$/.exec(id)?.[1] ?? id));
}
