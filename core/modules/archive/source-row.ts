import { requiredText, type Stanza } from "../../debian/stanza.ts";
import {
  COMMON_COLUMNS,
  type Column,
  createShapeMaker,
  EXTRA_COLUMN,
  type RowShape,
} from "./column.ts";
import { checkName, checkVersion, type Identity } from "./row.ts";
import { createSourceFileWriter, FILE_LISTS, type SourceFileWriter } from "./source-files.ts";

const make = createShapeMaker();
const PACKAGE = make.slot("Package");
const VERSION = make.slot("Version");
const FILE_SLOTS = FILE_LISTS.map(make.slot);

/** A stanza of a Sources index as a row of source_package. */
export const SOURCE_ROW: RowShape = make.shape("source_package", [
  ...COMMON_COLUMNS,
  make.list("architectures", "Architecture", "blank"),
  make.list("binaries", "Binary", "comma"),
  make.text("section", "Section"),
  make.text("priority", "Priority"),
  make.text("format_version", "Format"),
  make.text("standards_version", "Standards-Version"),
  make.text("maintainer", "Maintainer"),
  make.text("original_maintainer", "Original-Maintainer"),
  make.list("uploaders", "Uploaders", "address"),
  make.text("homepage", "Homepage"),
  make.text("vcs_browser", "Vcs-Browser"),
  make.text("vcs_git", "Vcs-Git"),
  make.firstLine("summary", "Description"),
  make.furtherLines("description", "Description"),
  make.list("testsuite", "Testsuite", "comma"),
  make.list("testsuite_triggers", "Testsuite-Triggers", "comma"),
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

/** Writes the files of stanzas that were scanned for `SOURCE_ROW`. */
export function sourceFiles(): SourceFileWriter {
  return createSourceFileWriter(FILE_SLOTS);
}

/** What names a source package, checked. @throws OperatorError with file, line and field */
export function identifySource(stanza: Stanza, identity: Identity): void {
  const name = checkName(stanza, PACKAGE, requiredText(stanza, PACKAGE));
  const version = checkVersion(stanza, VERSION, requiredText(stanza, VERSION));
  identity.name = name;
  identity.version = version;
  identity.architecture = "source";
  identity.sourceName = name;
  identity.sourceVersion = version;
}
