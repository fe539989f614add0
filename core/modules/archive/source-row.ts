import { fieldText, requiredText, type Stanza, stanzaError } from "../../debian/stanza.ts";
import type { CopyEncoder } from "./copy-encoder.ts";
import {
  checkName,
  checkVersion,
  COMMON_COLUMNS,
  type Column,
  createShapeMaker,
  EXTRA_COLUMN,
  type RowFacts,
  type RowShape,
  wholeNumber,
} from "./row.ts";

const make = createShapeMaker();
const PACKAGE = make.slot("Package");
const VERSION = make.slot("Version");
/** The lists of a source's files, in the order of the hash columns below. */
const LISTS = ["Files", "Checksums-Sha1", "Checksums-Sha256", "Checksums-Sha512"].map(make.slot);
const COMMA = /,/;
const BLANK = /\s+/;

/** A stanza of a Sources index as a row of source_package. */
export const SOURCE_ROW: RowShape = make.shape("source_package", [
  ...COMMON_COLUMNS,
  make.list("architectures", "Architecture", BLANK),
  make.list("binaries", "Binary", COMMA),
  make.text("section", "Section"),
  make.text("priority", "Priority"),
  make.text("format_version", "Format"),
  make.text("standards_version", "Standards-Version"),
  make.text("maintainer", "Maintainer"),
  make.text("original_maintainer", "Original-Maintainer"),
  // A name may hold a comma, an address cannot: elements end behind `>`.
  make.list("uploaders", "Uploaders", /(?<=>)\s*,/),
  make.text("homepage", "Homepage"),
  make.text("vcs_browser", "Vcs-Browser"),
  make.text("vcs_git", "Vcs-Git"),
  make.firstLine("summary", "Description"),
  make.furtherLines("description", "Description"),
  make.list("testsuite", "Testsuite", COMMA),
  make.list("testsuite_triggers", "Testsuite-Triggers", COMMA),
  make.text("build_depends", "Build-Depends"),
  make.text("build_depends_indep", "Build-Depends-Indep"),
  make.text("build_depends_arch", "Build-Depends-Arch"),
  make.text("build_conflicts", "Build-Conflicts"),
  make.text("build_conflicts_indep", "Build-Conflicts-Indep"),
  make.text("build_conflicts_arch", "Build-Conflicts-Arch"),
  make.text("directory", "Directory"),
  make.text("package_list", "Package-List"),
  make.yes("extra_source_only", "Extra-Source-Only"),
  EXTRA_COLUMN,
] satisfies Column[]);

export const SOURCE_FILE_TABLE = "source_file";
export const SOURCE_FILE_COLUMNS = [
  "source_id",
  "name",
  "size",
  "md5sum",
  "sha1",
  "sha256",
  "sha512",
];

/** What names a source package, checked. @throws OperatorError with file, line and field */
export function sourceIdentity(
  stanza: Stanza,
): Pick<RowFacts, "name" | "version" | "architecture"> {
  const name = checkName(stanza, PACKAGE, requiredText(stanza, PACKAGE));
  const version = checkVersion(stanza, VERSION, requiredText(stanza, VERSION));
  return { name, version, architecture: "source" };
}

interface File {
  name: string;
  size: number;
  hashes: (string | undefined)[];
}

/** Writes a row of source_file for each file of the stanza. */
export function writeSourceFiles(encoder: CopyEncoder, stanza: Stanza, sourceId: number): void {
  for (const file of filesOf(stanza)) {
    encoder.row(SOURCE_FILE_COLUMNS.length);
    encoder.bigint(sourceId);
    encoder.text(file.name);
    encoder.bigint(file.size);
    for (const hash of file.hashes) {
      if (hash === undefined) encoder.null();
      else encoder.text(hash);
    }
  }
}

/**
 * The files of a source package, joined from its lists of `hash size name` lines.
 *
 * @throws OperatorError when a line cannot be read, or two lists contradict each other
 */
function filesOf(stanza: Stanza): File[] {
  const files: File[] = [];
  LISTS.forEach((slot, list) => {
    const text = fieldText(stanza, slot);
    if (text === undefined) return;
    let next = 0;
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      const [hash = "", digits = "", name = "", more] = line.trim().split(BLANK);
      const size = wholeNumber(digits);
      if (size === undefined || more !== undefined || !isFileName(name)) {
        throw stanzaError(stanza, `the file list has a bad line "${line.trim()}"`, slot);
      }
      // Lists name the files in the same order, so that the next one is nearly always meant.
      let file = files[next]?.name === name ? files[next] : files.find((one) => one.name === name);
      next++;
      if (file === undefined) {
        file = { name, size, hashes: LISTS.map(() => undefined) };
        files.push(file);
      }
      if (file.size !== size || file.hashes[list] !== undefined) {
        throw stanzaError(stanza, `the file lists contradict each other about ${name}`, slot);
      }
      file.hashes[list] = hash;
    }
  });
  return files;
}

function isFileName(name: string): boolean {
  return name !== "" && !name.includes("/") && name !== "." && name !== "..";
}
