import { readFileSync, statSync } from "node:fs";
import { curveKeyPair } from "zeromq";
import { asError, OperatorError } from "../errors.ts";
import {
  newSigningKey,
  readSigningKey,
  readVerifyKey,
  seedText,
  type SigningKey,
  verifyKeyOf,
  verifyKeyText,
} from "./signature.ts";

/** One of Laniakea's key files: who it is, a CURVE pair and an Ed25519 pair, or parts of them. */
export interface KeyFile {
  /** The signer id, as in `signatures`. */
  id: string;
  /** name, email, organization, created-by, date-created and whatever else was written. */
  metadata: Record<string, string>;
  /** Z85, 40 characters each. */
  curve?: { publicKey: string; secretKey?: string };
  verifyKey?: Buffer;
  /** Only in secret files. */
  signingKey?: SigningKey;
}

/** What a new pair of key files says about its owner. */
export interface KeyOwner {
  name?: string | undefined;
  email?: string | undefined;
  organization?: string | undefined;
  /** Whose events it signs: what it may say follows from that. */
  module?: string | undefined;
}

/** The two texts of a new key: one to keep, one to give away. */
export interface KeyPairTexts {
  secret: string;
  public: string;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/;
const ENTRY = /^\s+([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/;
const Z85 = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;
const BANNERS = {
  secret: "#\n# Secret key of a Laniakea service\n# Keep it on this machine, mode 0600.\n#\n\n",
  public:
    "#\n# Public key of a Laniakea service\n# Compare it with its owner before you trust it.\n#\n\n",
};

/** Reads a key file. @throws OperatorError `KEY_UNREADABLE`, `KEY_INVALID` */
export function readKeyFile(path: string): KeyFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw new OperatorError(
      "KEY_UNREADABLE",
      `Cannot read the key file ${path}: ${asError(thrown).message}.`,
      "Check the path and the permissions.",
      { cause: thrown },
    );
  }
  return parseKeyFile(text, path);
}

/**
 * As `readKeyFile`, for a key that signs.
 *
 * @throws OperatorError also `KEY_EXPOSED` when others than its owner may read or write the file
 */
export function readSecretKeyFile(path: string): KeyFile {
  const key = readKeyFile(path);
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0 || (!key.signingKey && !key.curve?.secretKey)) return key;
  throw new OperatorError(
    "KEY_EXPOSED",
    `The secret key file ${path} is open to others (mode ${mode.toString(8)}).`,
    `Close it, if you are sure that nobody copied it: chmod 600 ${path}`,
  );
}

/**
 * Reads the text of a key file: sections at column 0 with indented `key = "value"` lines. Taken
 * tolerantly: tabs, single or no quotes, padding, unknown sections and entries, any order.
 *
 * @param file named in errors
 * @throws OperatorError `KEY_INVALID`
 */
export function parseKeyFile(text: string, file: string): KeyFile {
  const sections = readSections(text);
  const { id, ...metadata } = Object.fromEntries(sections.get("metadata") ?? []);
  if (id === undefined || id === "") throw invalid(file, "has no id in its metadata");
  const ed = sections.get("ed");
  const verifyKey = optional(ed?.get("verify-key"), readVerifyKey, file, "verify-key");
  const signingKey = optional(
    ed?.get("signing-key"),
    (seed) => readSigningKey(id, seed),
    file,
    "signing-key",
  );
  if (signingKey && verifyKey && !verifyKeyOf(signingKey).equals(verifyKey)) {
    throw invalid(file, "has a signing-key and a verify-key that do not belong together");
  }
  const curve = sections.get("curve");
  const publicKey = optional(curve?.get("public-key"), readZ85, file, "public-key");
  const secretKey = optional(curve?.get("secret-key"), readZ85, file, "secret-key");
  const verify = verifyKey ?? (signingKey && verifyKeyOf(signingKey));
  return {
    id,
    metadata,
    ...(publicKey && { curve: { publicKey, ...(secretKey && { secretKey }) } }),
    ...(verify && { verifyKey: verify }),
    ...(signingKey && { signingKey }),
  };
}

/**
 * Makes a new key: Ed25519 for signing and, unless `signOnly`, CURVE for encrypted connections.
 *
 * @throws OperatorError `KEY_ID` or `KEY_VALUE` for what would not survive in the file
 */
export function newKeyPair(
  id: string,
  owner: KeyOwner = {},
  options: { signOnly?: boolean | undefined; now?: Date } = {},
): KeyPairTexts {
  checkKeyId(id);
  const created = (options.now ?? new Date())
    .toISOString()
    .replace("T", " ")
    .replace("Z", "+00:00");
  const metadata = Object.entries({
    id,
    name: owner.name ?? id,
    email: owner.email ?? "",
    ...(owner.organization === undefined ? {} : { organization: owner.organization }),
    ...(owner.module === undefined ? {} : { module: owner.module }),
    "created-by": "Laniakea Keytool",
    "date-created": created,
  });
  const curve = options.signOnly === true ? undefined : curveKeyPair();
  const key = newSigningKey(id);
  // One file without a public-key line stops CURVE authentication for all (pyzmq), so sign-only
  // keys carry an empty one. The Ed25519 entries have other names because readers of the CURVE
  // pair ignore sections.
  const publicCurve: [string, string][] = [["public-key", curve?.publicKey ?? ""]];
  const publicEd: [string, string][] = [["verify-key", verifyKeyText(key)]];
  return {
    public: BANNERS.public + writeSections({ metadata, curve: publicCurve, ed: publicEd }),
    secret:
      BANNERS.secret +
      writeSections({
        metadata,
        curve: [...publicCurve, ...(curve ? [["secret-key", curve.secretKey] as const] : [])],
        ed: [...publicEd, ["signing-key", seedText(key)]],
      }),
  };
}

/** @throws OperatorError `KEY_ID` for an id that could not be part of a file name */
export function checkKeyId(id: string): void {
  if (ID.test(id)) return;
  throw new OperatorError(
    "KEY_ID",
    `"${id}" cannot be a signer id.`,
    "Use letters, digits and . _ @ + -, for instance archive-host.",
    { exitStatus: 2 },
  );
}

function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const entry = ENTRY.exec(line);
    if (entry === null) {
      const name = line.trim();
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
    } else {
      section.set(entry[1] ?? "", unquote(entry[2] ?? ""));
    }
  }
  return sections;
}

function writeSections(sections: Record<string, (readonly [string, string])[]>): string {
  let text = "";
  for (const [name, entries] of Object.entries(sections)) {
    text += `${name}\n`;
    for (const [key, value] of entries) text += `    ${key} = "${writable(key, value)}"\n`;
  }
  return text;
}

/** The format has no escapes, so what would break a line cannot be written. */
function writable(key: string, value: string): string {
  if (!/["\p{Cc}]/u.test(value)) return value;
  throw new OperatorError(
    "KEY_VALUE",
    `The ${key} of a key cannot hold quotes, line breaks or control characters.`,
    undefined,
    { exitStatus: 2 },
  );
}

function unquote(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}

function optional<Value>(
  text: string | undefined,
  read: (text: string) => Value | undefined,
  file: string,
  entry: string,
): Value | undefined {
  if (text === undefined || text === "") return undefined;
  const value = read(text);
  if (value === undefined) throw invalid(file, `has a ${entry} that is no key`);
  return value;
}

function readZ85(text: string): string | undefined {
  return Z85.test(text) ? text : undefined;
}

function invalid(file: string, fault: string): OperatorError {
  return new OperatorError(
    "KEY_INVALID",
    `The key file ${file} ${fault}.`,
    "Ask its owner for a new copy, or make a key: key new ID",
  );
}
