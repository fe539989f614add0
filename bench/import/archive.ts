import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { indexPath } from "../../core/debian/index-path.ts";
import { writeSuite } from "../../core/demo/archive.ts";
import { archiveKey } from "../../core/demo/signing-key.ts";

export const SUITE = "bookworm";
export const PACKAGES = indexPath("deb", "main", "amd64");
export const SOURCES = indexPath("source", "main", "");
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** An archive in a folder, and the keys that signed it. */
export interface BenchArchive {
  folder: string;
  keyring: string;
}

/**
 * Debian's suite as it is published, copied once into a folder.
 *
 * @param mirror base address; the one that apt of this machine uses by default
 */
export async function originalArchive(folder: string, mirror = aptMirror()): Promise<BenchArchive> {
  for (const path of ["InRelease", `${PACKAGES}.xz`, `${SOURCES}.xz`]) {
    const file = join(folder, "dists", SUITE, path);
    await mkdir(dirname(file), { recursive: true });
    const response = await fetch(`${mirror}/dists/${SUITE}/${path}`);
    if (!response.ok) throw new Error(`the mirror answers ${response.status} for ${path}`);
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
  }
  return { folder, keyring: KEYRING };
}

/** A copy in which a part of the packages of both indices has another version; signed anew. */
export async function changedArchive(
  original: BenchArchive,
  folder: string,
  share: number,
): Promise<BenchArchive> {
  const key = await archiveKey(join(folder, "key"));
  const indices: Record<string, Buffer> = {};
  for (const path of [PACKAGES, SOURCES]) {
    indices[path] = change(unpack(join(original.folder, "dists", SUITE, `${path}.xz`)), share);
  }
  await writeSuite(
    folder,
    {
      name: SUITE,
      components: ["main"],
      architectures: ["all", "amd64"],
      fields: { "No-Support-for-Architecture-all": "Packages" },
      forms: ["xz"],
      indices,
    },
    key,
  );
  return { folder, keyring: key.keyring };
}

/** How many packages an index has, counted by its text. */
export function countStanzas(archive: BenchArchive, path: string): number {
  const text = unpack(join(archive.folder, "dists", SUITE, `${path}.xz`)).toString("latin1");
  return text.match(/^Package: /gm)?.length ?? 0;
}

/** Chosen by the hash of the name, so that the same packages change in every copy. */
function change(index: Buffer, share: number): Buffer {
  const text = index
    .toString("latin1")
    .replace(/^Package: (\S+)\n(?:.+\n)*?Version: \S+/gm, (head: string, name: string) => {
      const place = createHash("md5").update(name).digest().readUInt32BE() / 2 ** 32;
      return place < share ? `${head}.1` : head;
    });
  return Buffer.from(text, "latin1");
}

function unpack(file: string): Buffer {
  const { stdout, status } = spawnSync("xz", ["-dc", file], { maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`xz cannot unpack ${file}`);
  return stdout;
}

function aptMirror(): string {
  const filters = ["Created-By: Packages", `Codename: ${SUITE}`, "Component: main"];
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI)", ...filters], {
    encoding: "utf8",
  });
  const [first = ""] = (stdout ?? "").split("\n");
  if (first === "") throw new Error(`apt has no source for ${SUITE}; say --mirror URL`);
  return first.replace(/\/$/, "");
}

/** Writes the archive's description, for `lk distro apply`. */
export function describeArchive(archive: BenchArchive, file: string): Promise<void> {
  return writeFile(
    file,
    `[[repository]]
name = "debian"
mirrors = ["file://${archive.folder}"]
keyring = "${archive.keyring}"
[[repository.suite]]
name = "${SUITE}"
components = ["main"]
architectures = ["amd64"]
translations = []
`,
  );
}

/** The Release file that is signed inside InRelease (RFC 9580, section 7). */
export function releaseText({ folder }: BenchArchive): string {
  const signed = readFileSync(join(folder, "dists", SUITE, "InRelease"), "utf8");
  const from = signed.indexOf("\n\n") + 2;
  return signed.slice(from, signed.indexOf("-----BEGIN PGP SIGNATURE"));
}
