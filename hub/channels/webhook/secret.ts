import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSecret, type Settings, settingPath } from "../../../core/config.ts";
import { makeSecretFile } from "../../../core/secret-file.ts";

/** What Standard Webhooks puts before a secret. */
const PREFIX = "whsec_";

/** The file with the secret of a hook, below the folder `webhook.secrets`. */
export function secretFile(settings: Settings, url: string): string {
  const name = createHash("sha256").update(url).digest("hex").slice(0, 32);
  return join(settingPath(settings, settings.config.webhook.secrets), name);
}

/** Makes the secret of a hook unless there is one. @returns the file */
export async function makeHookSecret(settings: Settings, url: string): Promise<string> {
  const file = secretFile(settings, url);
  await makeSecretFile(file, () => PREFIX + randomBytes(32).toString("base64"));
  return file;
}

/**
 * The secrets of a hook, one a line: during a change old and new both sign. Undefined when it has
 * none yet.
 *
 * @throws OperatorError when others can read the file
 */
export function hookSecrets(settings: Settings, url: string): string[] | undefined {
  const file = secretFile(settings, url);
  return existsSync(file) ? readSecret(settings, file, "a webhook").split(/\s+/) : undefined;
}

/**
 * The value of `webhook-signature` (Standard Webhooks 1.0, "Signature scheme"): HMAC-SHA256 over id,
 * time and body, once for each secret. A secret is base64 of either alphabet.
 *
 * @param timestamp seconds since 1970
 */
export function signature(
  secrets: readonly string[],
  signed: { id: string; timestamp: number; body: string },
): string {
  const text = `${signed.id}.${signed.timestamp}.${signed.body}`;
  return secrets
    .map((secret) => {
      const bare = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
      const key = Buffer.from(bare, "base64");
      return `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
    })
    .join(" ");
}
