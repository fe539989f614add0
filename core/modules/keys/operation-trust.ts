import { readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { checkKeyId, readKeyFile } from "../../events/key-file.ts";
import { openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import { declareOperation } from "../../operation/declare.ts";
import { atOnce, keyData, onlyAtCommandLine, writeOnce } from "./key-data.ts";

export const keyTrust = declareOperation({
  name: "key trust",
  summary: "accept the events of a signer from now on",
  description:
    "Copies a public key file into the folder of trusted keys. It counts within five seconds, without a restart. To stop trusting it: key revoke.",
  examples: ["key trust archive-host.key", "key trust new.key --force"],
  parameters: z.object({
    file: z.string().meta({ description: "public key file", positional: true, complete: "file" }),
    force: z.boolean().default(false).meta({ description: "replace another key of this signer" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { file, force }) => {
    onlyAtCommandLine(context.caller);
    const key = readKeyFile(file);
    checkKeyId(key.id);
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
    const keyring = openKeyring(context);
    const target = keyring.trustedFile(key.id);
    const known = keyring.trusted().some((one) => {
      return one.file === target && one.key.verifyKey?.equals(key.verifyKey ?? Buffer.alloc(0));
    });
    if (!known) writeOnce(target, readFileSync(file, "utf8"), 0o644, force);
    const headline = [{ strong: key.id }, known ? " is trusted already." : " is trusted."];
    return {
      messages: [{ tone: "good", headline, details: [["Key file ", { code: target }]] }],
      data: keyData(target, key),
    };
  }),
});

export const keyRevoke = declareOperation({
  name: "key revoke",
  summary: "accept the events of a signer no more",
  description: "Removes the signer's files from the folder of trusted keys, within five seconds.",
  examples: ["key revoke archive-host"],
  parameters: z.object({
    id: z.string().meta({ description: "signer id", positional: true, complete: "signer" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { id }) => {
    onlyAtCommandLine(context.caller);
    const files = openKeyring(context)
      .trusted()
      .filter((one) => one.key.id === id)
      .map((one) => one.file);
    if (files.length === 0) throw unknownSigner(id);
    for (const file of files) rmSync(file);
    return {
      messages: [
        {
          tone: "good",
          headline: [{ strong: id }, " is not trusted any more."],
          details: files.map((file) => ["Removed ", { code: file }]),
        },
      ],
      data: { id, removed: files },
    };
  }),
});

/** What is said when nobody of that name is trusted. */
export function unknownSigner(id: string): OperatorError {
  return new OperatorError("KEY_UNKNOWN", `No key of ${id} is known.`, "See all of them: key list");
}
