import { randomBytes } from "node:crypto";
import { link, mkdir, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readSecret, type Settings, settingPath } from "../../core/config.ts";

/**
 * The bearer token of the API, from the file that web.token_file names; made on first start: 32
 * random bytes in a file that only its owner can read.
 *
 * @throws OperatorError when the file is there but empty, or others can read it
 */
export async function apiToken(settings: Settings): Promise<string> {
  const path = settings.config.web.token_file;
  await makeOnce(settingPath(settings, path));
  return readSecret(settings, path, "web.token_file");
}

/** Of two that start at once, one makes the file and both read all of it: it appears by a link. */
async function makeOnce(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, `${randomBytes(32).toString("base64url")}\n`, { flag: "wx", mode: 0o600 });
  try {
    await link(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    await unlink(draft);
  }
}
