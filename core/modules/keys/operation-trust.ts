import { existsSync, readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { checkKeyId, type KeyFile, readKeyFile } from "../../events/key-file.ts";
import { type Keyring, sameKey } from "../../events/keyring.ts";
import { openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import { declareOperation } from "../../operation/declare.ts";
import {
  atOnce,
  keyData,
  type KeyData,
  onlyAtCommandLine,
  rightsText,
  writeOnce,
} from "./key-data.ts";

export const keyTrust = declareOperation({
  name: "key trust",
  summary: "accept the events of a signer from now on",
  description:
    "Copies a public key file into the folder of trusted keys. It counts within five seconds, without a restart. A signer that changes its key has two for a while: trust the new one with --beside, and later revoke the old one.",
  examples: ["key trust archive-host.key", "key trust new.key --beside"],
  parameters: z.object({
    file: z.string().meta({ description: "public key file", positional: true, complete: "file" }),
    beside: z
      .boolean()
      .default(false)
      .meta({ description: "keep the keys that this signer has, too" }),
    force: z
      .boolean()
      .default(false)
      .meta({ description: "replace another key of this signer; trust one that was revoked" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { file, beside, force }) => {
    onlyAtCommandLine(context.caller);
    const key = readKeyFile(file);
    checkKeyId(key.id);
    checkPublic(key, file);
    const keyring = openKeyring(context);
    const known = keyring
      .trusted()
      .find((one) => one.key.id === key.id && sameKey(one.key, key))?.file;
    pardon(keyring, key, force);
    const target = known ?? (beside ? freeFile(keyring, key.id) : keyring.trustedFile(key.id));
    if (known === undefined) writeOnce(target, readFileSync(file, "utf8"), 0o644, force);
    const rights = openKeyring(context).rights(key.id);
    return {
      messages: [
        {
          tone: rights.allow.length === 0 ? "attention" : "good",
          headline: [
            { strong: key.id },
            known === undefined ? " is trusted." : " is trusted already.",
          ],
          details: [
            ["Key file ", { code: target }],
            ["May say ", ...rightsText(rights)],
          ],
          ...(rights.allow.length === 0
            ? { next: ["Let it say something: ", { code: `lk key allow ${key.id} PATTERN` }] }
            : {}),
        },
      ],
      data: { ...keyData(target, key), ...rights },
    };
  }),
});

export const keyRevoke = declareOperation({
  name: "key revoke",
  summary: "accept the events of a signer no more",
  description:
    "Moves the signer's files from the folder of trusted keys to the folder of revoked ones, within five seconds. A key that lies there is never trusted again, wherever else it lies, unless by key trust --force.",
  examples: ["key revoke archive-host", "key revoke archive-host --key XGX0JRS2"],
  parameters: z.object({
    id: z.string().meta({ description: "signer id", positional: true, complete: "signer" }),
    key: z.string().min(4).optional().meta({
      description: "only the one whose verify key begins so (default: all of the signer)",
    }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { id, key: beginning = "" }) => {
    onlyAtCommandLine(context.caller);
    const keyring = openKeyring(context);
    const kept = keyring
      .trusted()
      .filter(({ file, key }) => key.id === id && isNamed(keyData(file, key), beginning));
    if (kept.length === 0) throw unknownSigner(id);
    const moved = kept.map(({ file }) => ({ file, to: keyring.revoke(file) }));
    return {
      messages: [
        {
          tone: "good",
          headline:
            keyring.verifyKeys(id).length === 0
              ? [{ strong: id }, " is not trusted any more."]
              : ["A key of ", { strong: id }, " is not trusted any more; others are."],
          details: moved.map(({ to }) => ["Moved to ", { code: to }]),
        },
      ],
      data: { id, removed: moved.map(({ file }) => file), revoked: moved.map(({ to }) => to) },
    };
  }),
});

function isNamed({ verifyKey }: KeyData, beginning: string): boolean {
  return beginning === "" || verifyKey?.startsWith(beginning) === true;
}

function checkPublic(key: KeyFile, file: string): void {
  if (key.signingKey !== undefined || key.curve?.secretKey !== undefined) {
    throw new OperatorError(
      "KEY_SECRET",
      `The key file ${file} holds a secret key, which belongs to its owner alone.`,
      "Give the file that ends in .key; a secret that travelled should be replaced.",
    );
  }
  if (key.verifyKey === undefined && key.curve === undefined) {
    throw new OperatorError("KEY_INVALID", `The key file ${file} holds no key at all.`);
  }
}

/** A revoked key stays so unless that is taken back on purpose. */
function pardon(keyring: Keyring, key: KeyFile, force: boolean): void {
  const records = keyring.revoked().filter((one) => sameKey(one.key, key));
  const [record] = records;
  if (record === undefined) return;
  if (!force) {
    throw new OperatorError(
      "KEY_REVOKED",
      `This key of ${key.id} was revoked: ${record.file}.`,
      "Ask its owner for a new key; if the revocation was a mistake, add --force.",
    );
  }
  for (const { file } of records) rmSync(file);
}

/** A name for one more key of a signer: `anise-archive.2.pub.key`. */
function freeFile(keyring: Keyring, id: string): string {
  let number = 1;
  let file = keyring.trustedFile(id);
  while (existsSync(file)) file = keyring.trustedFile(`${id}.${++number}`);
  return file;
}

/** What is said when nobody of that name is trusted. */
export function unknownSigner(id: string): OperatorError {
  return new OperatorError("KEY_UNKNOWN", `No key of ${id} is known.`, "See all of them: key list");
}
