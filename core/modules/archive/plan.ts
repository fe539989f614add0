import { indexPath, type IndexKind } from "../../debian/index-path.ts";
import type { ListedFile, Release } from "../../debian/release.ts";
import { OperatorError } from "../../errors.ts";
import { type Form, FORMS } from "./decompress.ts";

/** What is to be imported of a suite. */
export interface WantedSuite {
  name: string;
  components: string[];
  architectures: string[];
  sources: boolean;
  udebs: boolean;
}

/** A file to fetch, and the forms it can be fetched in. */
export interface PlannedFile {
  /** Relative to the Release file, without the ending of a compression. */
  path: string;
  /** The uncompressed file, where the Release lists it. */
  plain: ListedFile | undefined;
  /** Best first, at least one. */
  forms: { form: Form; file: ListedFile }[];
}

/** An index of packages to import. */
export interface PlannedIndex extends PlannedFile {
  kind: IndexKind;
  component: string;
  /** `source` for sources. */
  architecture: string;
}

/**
 * Chooses the indices of a suite. Packages for all architectures have an index of their own where
 * the Release says so, else they stand in that of each architecture.
 *
 * @throws OperatorError `SUITE_LACKS_COMPONENT`, `SUITE_LACKS_ARCHITECTURE`, `SUITE_LACKS_INDEX`
 *   that say what the suite has instead; `RELEASE_WITHOUT_SHA256`
 */
export function planIndices(wanted: WantedSuite, release: Release): PlannedIndex[] {
  for (const component of wanted.components) {
    if (!release.components.includes(component)) {
      throw lacksComponent(wanted, component, release.components);
    }
  }
  for (const architecture of wanted.architectures) {
    if (!release.architectures.includes(architecture)) {
      throw lacksArchitecture(wanted, architecture, release.architectures);
    }
  }
  const architectures = new Set(wanted.architectures);
  if (architectures.size > 0 && !release.allInEveryArchitecture) architectures.add("all");
  const planned: PlannedIndex[] = [];
  for (const component of wanted.components) {
    if (wanted.sources) planned.push(need(wanted, release, "source", component, "source"));
    for (const architecture of architectures) {
      planned.push(need(wanted, release, "deb", component, architecture));
      // Only some components have packages for the installer.
      const installer = wanted.udebs ? find(release, "udeb", component, architecture) : undefined;
      if (installer !== undefined) planned.push(installer);
    }
  }
  if (wanted.udebs && !planned.some((index) => index.kind === "udeb")) {
    throw lacksIndex(wanted, "debian-installer/binary-*/Packages");
  }
  return planned;
}

function need(
  wanted: WantedSuite,
  release: Release,
  kind: IndexKind,
  component: string,
  architecture: string,
): PlannedIndex {
  const found = find(release, kind, component, architecture);
  if (found !== undefined) return found;
  throw lacksIndex(wanted, indexPath(kind, component, architecture));
}

function find(
  release: Release,
  kind: IndexKind,
  component: string,
  architecture: string,
): PlannedIndex | undefined {
  const file = planFile(release, indexPath(kind, component, architecture));
  return file === undefined ? undefined : { kind, component, architecture, ...file };
}

/**
 * A file as the Release lists it, in any form; undefined when it does not.
 *
 * @param path without the ending of a compression
 * @throws OperatorError `RELEASE_WITHOUT_SHA256`
 */
export function planFile(release: Release, path: string): PlannedFile | undefined {
  const forms = FORMS.flatMap((form) => {
    const file = release.files.get(form === "" ? path : `${path}.${form}`);
    return file === undefined ? [] : [{ form, file }];
  });
  const [first] = forms;
  if (first === undefined) return undefined;
  const strong = forms.filter(({ file }) => file.sha256 !== undefined);
  if (strong.length === 0) throw withoutSha256(first.file.path);
  return { path, plain: release.files.get(path), forms: strong };
}

/** What tells whether a file changed: of the uncompressed one, whatever form is fetched. */
export function contentHash(file: PlannedFile): string {
  return file.plain?.sha256 ?? file.forms[0]?.file.sha256 ?? "";
}

function lacksComponent(wanted: WantedSuite, name: string, has: string[]): OperatorError {
  return new OperatorError(
    "SUITE_LACKS_COMPONENT",
    `The suite ${wanted.name} has no component ${name}; it has ${has.join(", ") || "none"}.`,
    "Mend the components of the suite: lk distro export, edit, lk distro apply FILE.",
  );
}

function lacksArchitecture(wanted: WantedSuite, name: string, has: string[]): OperatorError {
  return new OperatorError(
    "SUITE_LACKS_ARCHITECTURE",
    `The suite ${wanted.name} has no architecture ${name}; it has ${has.join(", ") || "none"}.`,
    "Mend the architectures of the suite: lk distro export, edit, lk distro apply FILE.",
  );
}

function lacksIndex(wanted: WantedSuite, path: string): OperatorError {
  return new OperatorError(
    "SUITE_LACKS_INDEX",
    `The Release of ${wanted.name} lists no ${path}.`,
    "Import less of the suite (sources, udebs, architectures), or ask whoever publishes it.",
  );
}

function withoutSha256(path: string): OperatorError {
  return new OperatorError(
    "RELEASE_WITHOUT_SHA256",
    `The Release lists ${path} without SHA256; MD5 and SHA-1 are not trusted.`,
    "Whoever publishes this archive has to add SHA256 to it.",
  );
}
