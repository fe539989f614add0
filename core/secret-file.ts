import { randomBytes } from "node:crypto";
import { link, mkdir, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** 32 random bytes as text. */
function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Makes a file with a secret that only its owner can read, unless it is there. Of two that start at
 * once, one makes the file and both read all of it: it appears by a link.
 */
export async function makeSecretFile(file: string, make = randomSecret): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, `${make()}\n`, { flag: "wx", mode: 0o600 });
  try {
    await link(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  } finally {
    await unlink(draft);
  }
}
