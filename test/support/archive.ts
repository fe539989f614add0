import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { database } from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { signRelease, type SuiteContent, writeSuite } from "../../core/demo/archive.ts";
import { type ArchiveKey, archiveKey } from "../../core/demo/signing-key.ts";
import { setUpEmitting } from "../../core/events/emit.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { silentLog } from "../../core/log.ts";
import { importSuites, type Outcome } from "../../core/modules/archive/import.ts";
import { archive as archiveModule } from "../../core/modules/archive/index.ts";
import { repositorySection } from "../../core/modules/archive/repository-plan.ts";
import type { ImportOptions, ImportResult } from "../../core/modules/archive/store-suite.ts";
import { findSuites } from "../../core/modules/archive/suites.ts";
import { applyDistro } from "../../core/modules/distro/apply.ts";
import type { Caller } from "../../core/operation/declare.ts";
import { createRegistry } from "../../core/operation/registry.ts";

/** Where the indices of a one-component amd64 suite lie. */
export const SOURCES = indexPath("source", "main", "");
export const AMD64 = indexPath("deb", "main", "amd64");
export const ALL = indexPath("deb", "main", "all");

/** A tiny signed archive in a folder of its own, and what its suite holds now. */
export interface TinyArchive {
  folder: string;
  url: string;
  key: ArchiveKey;
  content: SuiteContent;
  /** Changes what the suite holds and publishes it, dated later than before. */
  publish(change?: Partial<SuiteContent>): Promise<void>;
  /** Changes the text of the Release and signs it again. */
  resign(change: (text: string) => string): Promise<void>;
  remove(): Promise<void>;
}

let made = 0;

/** Publishes a suite of the given name (`tinyN` by default) with the given indices. */
export async function tinyArchive(
  content: Partial<SuiteContent> & Pick<SuiteContent, "indices">,
): Promise<TinyArchive> {
  const folder = mkdtempSync(join(tmpdir(), "lk-archive-"));
  const key = await archiveKey(join(folder, "key"));
  const archive: TinyArchive = {
    folder,
    key,
    url: pathToFileURL(folder).href,
    content: {
      name: `tiny${++made}`,
      components: ["main"],
      architectures: ["amd64"],
      date: new Date(Date.now() - 3_600_000),
      ...content,
    },
    async publish(change = {}) {
      const date = new Date((archive.content.date?.getTime() ?? 0) + 1000);
      archive.content = { ...archive.content, date, ...change };
      await writeSuite(folder, archive.content, key);
    },
    async resign(change) {
      const suite = join(folder, "dists", archive.content.name);
      const text = await readFile(join(suite, "Release"), "utf8");
      await signRelease(suite, change(text), key);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await archive.publish();
  return archive;
}

/** Tells the database of an archive; its repository has the name of its suite. */
export async function configure(
  archive: TinyArchive,
  suite: Record<string, unknown> = {},
  repository: Record<string, unknown> = {},
): Promise<void> {
  const { name, components, architectures } = archive.content;
  const wanted = architectures.filter((one) => one !== "all");
  const document = {
    repository: [
      {
        name,
        ...(repository["mirrors"] === undefined ? { url: archive.url } : {}),
        keyring: archive.key.keyring,
        suite: [{ name, components, architectures: wanted, ...suite }],
        ...repository,
      },
    ],
  };
  await applyDistro([repositorySection], document, {
    folder: archive.folder,
    dryRun: false,
    prune: false,
  });
}

/** Makes `emitEvent` work with the events of the archive module, unsigned. */
export function setUpArchiveEvents(): void {
  setUpEmitting({
    catalogue: createRegistry([archiveModule]).events,
    // A folder that is not there: no keys, and none are made.
    keyring: new Keyring(join(tmpdir(), "lk-no-keys")),
    log: silentLog(),
  });
}

/** Imports by name, as the operation does, with little patience and nothing downloaded before. */
export async function runImport(
  names: string[],
  options: Partial<ImportOptions> = {},
  origin: Caller["origin"] = "cli",
): Promise<Outcome[]> {
  const downloads = mkdtempSync(join(tmpdir(), "lk-downloads-"));
  const all: ImportOptions = {
    downloads,
    signal: new AbortController().signal,
    log: silentLog(),
    force: false,
    dryRun: false,
    progress: () => undefined,
    retries: 0,
    pauseMs: 1,
    ...options,
  };
  try {
    return await importSuites(await findSuites(names), all, origin);
  } finally {
    await rm(downloads, { recursive: true });
  }
}

/** Imports one suite. @throws what went wrong */
export async function importOne(
  name: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  const [outcome] = await runImport([name], options);
  if (outcome === undefined) throw new Error(`nothing was imported for ${name}`);
  if ("error" in outcome) throw outcome.error;
  return outcome.result;
}

/** The events of the archive module about a suite, oldest first. */
export async function eventsOf(
  suite: string,
): Promise<{ tag: string; data: Record<string, unknown> }[]> {
  return database().query("select tag, data from event where data ->> 'suite' = $1 order by id", [
    suite,
  ]);
}

/** A stanza of Packages; fields given win over those made up. */
export function binary(name: string, version: string, fields: Record<string, string> = {}): string {
  return stanza({
    Package: name,
    Version: version,
    Architecture: "amd64",
    Maintainer: "Tiny <tiny@example.org>",
    Filename: `pool/main/${name[0] ?? ""}/${name}/${name}_${version.replace(/^\d+:/, "")}_amd64.deb`,
    Size: "1000",
    SHA256: "a".repeat(64),
    Description: `the package ${name}`,
    ...fields,
  });
}

/** A stanza of Sources. */
export function source(name: string, version: string, fields: Record<string, string> = {}): string {
  const file = `${name}_${version.replace(/^\d+:/, "")}.dsc`;
  return stanza({
    Package: name,
    Binary: name,
    Version: version,
    Architecture: "any",
    Maintainer: "Tiny <tiny@example.org>",
    Format: "3.0 (native)",
    Directory: `pool/main/${name[0] ?? ""}/${name}`,
    Files: `\n ${"b".repeat(32)} 500 ${file}`,
    "Checksums-Sha256": `\n ${"c".repeat(64)} 500 ${file}`,
    ...fields,
  });
}

/** Stanzas as the text of an index. */
export function index(...stanzas: string[]): string {
  return stanzas.join("\n");
}

function stanza(fields: Record<string, string>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}
