import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** The mirror of Debian bookworm in apt's own configuration; undefined where apt has none. */
export function aptMirror(): string | undefined {
  const filters = ["Created-By: Packages", "Codename: bookworm", "Component: main"];
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI)", ...filters], {
    encoding: "utf8",
  });
  const [first = ""] = (stdout ?? "").split("\n");
  return first === "" ? undefined : first.replace(/\/$/, "");
}

/** The keys that sign Debian's suites, as its package debian-archive-keyring installs them. */
export const DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Why tests cannot import from a mirror of Debian here; undefined where they can. */
export function whyNoDebian(mirror: string | undefined): string | undefined {
  if (mirror === undefined) return "apt of this machine has no source for Debian bookworm";
  if (existsSync(DEBIAN_KEYRING)) return undefined;
  return `${DEBIAN_KEYRING} is missing; apt-get install debian-archive-keyring`;
}

/** An index of a suite, uncompressed; undefined where the mirror has no such index. */
export async function mirrorIndex(
  mirror: string,
  suite: string,
  path: string,
): Promise<AsyncIterable<Buffer> | undefined> {
  const url = `${mirror}/dists/${suite}/${path}.xz`;
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok || response.body === null) {
    throw new Error(`the mirror answers ${response.status} for ${path}.xz of ${suite}`);
  }
  const { stdin, stdout } = spawn("xz", ["-dc"], { stdio: ["pipe", "pipe", "inherit"] });
  pipeline(Readable.fromWeb(response.body), stdin).catch((error: Error) => stdout.destroy(error));
  return stdout;
}
