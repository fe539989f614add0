import { access, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { indexPath } from "../debian/index-path.ts";
import { type SuiteContent, writeSuite } from "./archive.ts";
import { archiveKey } from "./signing-key.ts";
import {
  BINARIES_FOR_ALL,
  MINI_BINARY,
  MINI_SOURCE,
  OTHER_BINARIES,
  OTHER_SOURCES,
} from "./stanzas.ts";

/** The small signed archive that a first start sets up, so that there is something to see. */
export interface DemoArchive {
  /** Its folder, absolute. */
  directory: string;
  /** Version of the package `mini` that it holds. */
  version: string;
  /** What `lk distro apply` would be told about it. */
  distro: DemoDistro;
}

/** The repository `demo` in the form of a distribution file. */
export interface DemoDistro {
  repository: {
    name: string;
    url: string;
    keyring: string;
    suite: { name: string; components: string[]; architectures: string[] }[];
  }[];
}

/** Of its repository and its one suite. */
export const DEMO_NAME = "demo";
const FIRST_VERSION = "1.0";

/** Makes the demo archive in a folder, or finds the one that is there. Needs no program. */
export async function createDemoArchive(directory: string): Promise<DemoArchive> {
  const version = await publishedVersion(directory);
  if (version === undefined) await publish(directory, FIRST_VERSION);
  return describe(directory, version ?? FIRST_VERSION);
}

/**
 * Publishes the next version of `mini` in a demo archive, as an upload would: 1.0 → 1.1 → 1.2.
 *
 * @returns the archive as it is now; the version before
 */
export async function publishDemoChange(
  directory: string,
): Promise<{ archive: DemoArchive; before: string }> {
  const { version: before } = await createDemoArchive(directory);
  const [major = "1", minor = "0"] = before.split(".");
  const version = `${major}.${Number(minor) + 1}`;
  await publish(directory, version);
  return { archive: describe(directory, version), before };
}

function describe(directory: string, version: string): DemoArchive {
  const suite = { name: DEMO_NAME, components: ["main"], architectures: ["amd64"] };
  return {
    directory: resolve(directory),
    version,
    distro: {
      repository: [
        {
          name: DEMO_NAME,
          url: pathToFileURL(resolve(directory)).href,
          keyring: resolve(directory, "key", "keyring.gpg"),
          suite: [suite],
        },
      ],
    },
  };
}

async function publish(directory: string, version: string): Promise<void> {
  await writeSuite(directory, content(version), await archiveKey(join(directory, "key")));
}

function content(version: string): SuiteContent {
  const source = MINI_SOURCE.replace(`Version: ${FIRST_VERSION}`, `Version: ${version}`).replaceAll(
    `mini_${FIRST_VERSION}`,
    `mini_${version}`,
  );
  const binary = MINI_BINARY.replace(`Version: ${FIRST_VERSION}`, `Version: ${version}`).replace(
    `mini_${FIRST_VERSION}_`,
    `mini_${version}_`,
  );
  return {
    name: DEMO_NAME,
    components: ["main"],
    architectures: ["amd64", "all"],
    acquireByHash: true,
    indices: {
      [indexPath("source", "main", "")]: `${OTHER_SOURCES}\n${source}`,
      [indexPath("deb", "main", "amd64")]: `${OTHER_BINARIES}\n${binary}`,
      [indexPath("deb", "main", "all")]: BINARIES_FOR_ALL,
    },
  };
}

/** The version of mini in the folder, or undefined when no archive is there. */
async function publishedVersion(directory: string): Promise<string | undefined> {
  const folder = join(directory, "dists", DEMO_NAME);
  try {
    await access(join(folder, "InRelease"));
    const sources = await readFile(join(folder, indexPath("source", "main", "")), "utf8");
    return /^Package: mini\n(?:.+\n)*?Version: (.+)$/m.exec(sources)?.[1];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
