import { OperatorError } from "../errors.ts";
import { parseStanzas } from "./deb822.ts";

/** A file of a suite as its Release lists it. */
export interface ListedFile {
  /** Relative to the folder of the Release file: `main/binary-amd64/Packages.xz`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal, lower case; undefined where the Release has no such list. */
  md5: string | undefined;
  sha1: string | undefined;
  sha256: string | undefined;
}

/** What a suite says of itself (https://wiki.debian.org/DebianRepository/Format, "Release files"). */
export interface Release {
  suite: string | undefined;
  codename: string | undefined;
  origin: string | undefined;
  label: string | undefined;
  version: string | undefined;
  /** When it was made. */
  date: Date;
  validUntil: Date | undefined;
  architectures: string[];
  components: string[];
  /** Files can also be fetched by their hash, so that a mirror may change while one reads. */
  acquireByHash: boolean;
  /** Packages files of an architecture hold the packages for all as well (no split). */
  allInEveryArchitecture: boolean;
  files: Map<string, ListedFile>;
}

/**
 * Reads the text of a Release file.
 *
 * @param file its name in errors
 * @throws OperatorError `MALFORMED_RELEASE` or `MALFORMED_STANZA`, with field or line
 */
export function parseRelease(text: string | Buffer, file: string): Release {
  const stanzas = parseStanzas(text, file);
  const [fields] = stanzas;
  if (fields === undefined || stanzas.length > 1) {
    throw malformedRelease(file, `it has ${stanzas.length} stanzas instead of one`);
  }
  const date = dateField(fields, "Date", file);
  if (date === undefined) throw malformedRelease(file, "the field Date is missing");
  const architectures = words(fields.get("architectures"));
  const noSupport = words(fields.get("no-support-for-architecture-all"));
  return {
    suite: fields.get("suite"),
    codename: fields.get("codename"),
    origin: fields.get("origin"),
    label: fields.get("label"),
    version: fields.get("version"),
    date,
    validUntil: dateField(fields, "Valid-Until", file),
    architectures,
    // Security archives name them `updates/main`; the folders lack the prefix.
    components: words(fields.get("components")).map((name) => name.replace(/^.*\//, "")),
    acquireByHash: fields.get("acquire-by-hash") === "yes",
    allInEveryArchitecture: !architectures.includes("all") || noSupport.includes("Packages"),
    files: listedFiles(fields, file),
  };
}

const HOUR_MS = 3_600_000;

/**
 * Refuses a Release that is too old or not yet valid, as apt does.
 *
 * @param options checkValidUntil: as apt's Check-Valid-Until (sources.list(5))
 * @throws OperatorError `RELEASE_EXPIRED`, `RELEASE_FROM_FUTURE`
 */
export function checkValidity(
  release: Release,
  now: Date,
  file: string,
  options: { checkValidUntil: boolean } = { checkValidUntil: true },
): void {
  if (options.checkValidUntil && release.validUntil !== undefined && release.validUntil < now) {
    throw new OperatorError(
      "RELEASE_EXPIRED",
      `${file} expired: it was valid until ${release.validUntil.toISOString()}.`,
      "The mirror is stale: try another. Where the archive is published no more, as a snapshot is: " +
        "check_valid_until = false for its suite",
    );
  }
  if (release.date.getTime() > now.getTime() + 24 * HOUR_MS) {
    throw new OperatorError(
      "RELEASE_FROM_FUTURE",
      `${file} is dated ${release.date.toISOString()}, which is in the future.`,
      "Check the clock of this machine.",
    );
  }
}

/**
 * Refuses a Release of another suite than the one asked for.
 *
 * @param name as asked for: its Suite or its Codename, also `NAME/updates`
 * @throws OperatorError `RELEASE_OF_OTHER_SUITE`
 */
export function checkSuiteName(release: Release, name: string, file: string): void {
  const names = [release.suite, release.codename].filter((known) => known !== undefined);
  const [first = name] = name.split("/");
  if (names.length === 0 || names.includes(name) || names.includes(first)) return;
  throw new OperatorError(
    "RELEASE_OF_OTHER_SUITE",
    `${file} is of the suite ${names.join(" alias ")}, not of ${name}.`,
    "Check the name of the suite and the address of the mirror.",
  );
}

type HashName = "md5" | "sha1" | "sha256";

function listedFiles(fields: Map<string, string>, file: string): Map<string, ListedFile> {
  const files = new Map<string, ListedFile>();
  const lists: [string, HashName, number][] = [
    ["MD5Sum", "md5", 32],
    ["SHA1", "sha1", 40],
    ["SHA256", "sha256", 64],
  ];
  for (const [field, hashName, digits] of lists) {
    for (const row of (fields.get(field.toLowerCase()) ?? "").split("\n")) {
      if (row.trim() === "") continue;
      const match = /^\s*([0-9a-fA-F]+)\s+(\d+)\s+(\S+)\s*$/.exec(row);
      const [, hash = "", size = "", path = ""] = match ?? [];
      if (hash.length !== digits) {
        throw malformedRelease(file, `the field ${field} has a bad line "${row.trim()}"`);
      }
      addListed(files, path, Number(size), hashName, hash.toLowerCase(), file);
    }
  }
  return files;
}

function addListed(
  files: Map<string, ListedFile>,
  path: string,
  size: number,
  hashName: HashName,
  hash: string,
  file: string,
): void {
  let listed = files.get(path);
  if (listed === undefined) {
    listed = { path, size, md5: undefined, sha1: undefined, sha256: undefined };
    files.set(path, listed);
  }
  if (listed.size !== size || (listed[hashName] !== undefined && listed[hashName] !== hash)) {
    throw malformedRelease(file, `it contradicts itself about ${path}`);
  }
  listed[hashName] = hash;
}

function dateField(fields: Map<string, string>, name: string, file: string): Date | undefined {
  const text = fields.get(name.toLowerCase());
  if (text === undefined) return undefined;
  const date = new Date(text);
  // RFC 5322 form, always in UTC. Without a zone JavaScript would take it for local time.
  if (Number.isNaN(date.getTime()) || !/(UTC|GMT|Z|[+-]\d{4})$/.test(text)) {
    throw malformedRelease(file, `the field ${name} is not a date: "${text}"`);
  }
  return date;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function malformedRelease(file: string, fault: string): OperatorError {
  return new OperatorError(
    "MALFORMED_RELEASE",
    `${file} cannot be used: ${fault}.`,
    "Nothing was stored. Whoever publishes this archive has to mend it.",
  );
}
