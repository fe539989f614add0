import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { checkKeyId, newKeyPair, parseKeyFile, readSecretKeyFile } from "../../events/key-file.ts";
import { openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import { declareOperation } from "../../operation/declare.ts";
import { atOnce, keyData, onlyAtCommandLine, writeOnce } from "./key-data.ts";

export const keyNew = declareOperation({
  name: "key new",
  summary: "make a key pair for a signer",
  description:
    "Writes ID.key, to give away, and ID.key_secret, to keep, both in Laniakea's format. Install the secret one on its machine with key install, and trust the other where its events are heard.",
  examples: ["key new archive-host", "key new pear --module spears --sign-only --output /srv/keys"],
  parameters: z.object({
    id: z.string().meta({ description: "signer id, part of the file names", positional: true }),
    name: z.string().optional().meta({ description: "name of the owner (default: the id)" }),
    email: z.string().optional().meta({ description: "address of the owner" }),
    organization: z.string().optional().meta({ description: "organization of the owner" }),
    module: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, "a module's name, such as archive")
      .optional()
      .meta({ description: "whose events it signs (default: a module's name in the id)" }),
    signOnly: z.boolean().default(false).meta({ description: "no CURVE key for connections" }),
    output: z.string().default(".").meta({ description: "directory for the files" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce(({ caller }, { id, signOnly, output, ...owner }) => {
    onlyAtCommandLine(caller);
    const pair = newKeyPair(id, owner, { signOnly });
    const secret = resolve(output, `${id}.key_secret`);
    const open = resolve(output, `${id}.key`);
    writeOnce(secret, pair.secret, 0o600);
    writeOnce(open, pair.public, 0o644);
    return {
      messages: [
        {
          tone: "good",
          headline: ["Made a key for ", { strong: id }, "."],
          details: [
            ["To keep: ", { code: secret }],
            ["To give away: ", { code: open }],
          ],
          next: [
            { code: `lk key install MODULE ${secret}` },
            " and ",
            { code: `lk key trust ${open}` },
          ],
        },
      ],
      data: { ...keyData(open, parseKeyFile(pair.public, open)), file: open, secret },
    };
  }),
});

export const keyInstall = declareOperation({
  name: "key install",
  summary: "let a module of this machine sign with a key",
  description:
    "Copies a secret key file to where the module looks for it. The module general stands for all that have no key of their own.",
  examples: ["key install archive archive-host.key_secret", "key install general a.key_secret"],
  parameters: z.object({
    module: z.string().meta({ description: "archive, spears, …, or general", positional: true }),
    file: z.string().meta({ description: "secret key file", positional: true, complete: "file" }),
    force: z.boolean().default(false).meta({ description: "replace the key that is there" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { module, file, force }) => {
    onlyAtCommandLine(context.caller);
    checkKeyId(module);
    const key = readSecretKeyFile(file);
    if (key.signingKey === undefined) {
      throw new OperatorError(
        "KEY_PUBLIC",
        `The key file ${file} holds no secret key.`,
        "Give the file that ends in .key_secret.",
      );
    }
    const target = openKeyring(context).secretFile(module);
    writeOnce(target, readFileSync(file, "utf8"), 0o600, force);
    const headline = [`The module ${module} signs as `, { strong: key.id }, "."];
    return {
      messages: [{ tone: "good", headline, details: [["Copied to ", { code: target }]] }],
      data: keyData(target, key),
    };
  }),
});
