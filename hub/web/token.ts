import { readSecret, type Settings, settingPath } from "../../core/config.ts";
import { makeSecretFile } from "../../core/secret-file.ts";

/**
 * The bearer token of the API, from the file that web.token_file names; made on first start: 32
 * random bytes in a file that only its owner can read.
 *
 * @throws OperatorError when the file is there but empty, or others can read it
 */
export async function apiToken(settings: Settings): Promise<string> {
  const path = settings.config.web.token_file;
  await makeSecretFile(settingPath(settings, path));
  return readSecret(settings, path, "web.token_file");
}
