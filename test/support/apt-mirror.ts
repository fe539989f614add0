import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The keys that sign Debian's suites, as its package debian-archive-keyring installs them. */
export const DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The mirror of Debian bookworm in apt's own configuration, or why tests cannot use it. */
export function aptMirror(): { mirror: string } | { reason: string } {
  const filters = ["Created-By: Packages", "Codename: bookworm", "Component: main"];
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI)", ...filters], {
    encoding: "utf8",
  });
  const [first = ""] = (stdout ?? "").split("\n");
  if (first === "") return { reason: "apt of this machine has no source for Debian bookworm" };
  if (!existsSync(DEBIAN_KEYRING)) {
    return {
      reason: `${DEBIAN_KEYRING} is missing; apt-get install debian-archive-keyring`,
    };
  }
  return { mirror: first.replace(/\/$/, "") };
}
