import { architectureFault } from "../../debian/package-name.ts";
import { fieldText, requiredText, type Stanza, stanzaError } from "../../debian/stanza.ts";
import {
  COMMON_COLUMNS,
  type Column,
  createShapeMaker,
  EXTRA_COLUMN,
  type RowShape,
} from "./column.ts";
import { checkName, checkVersion, type Identity, requiredNumber } from "./row.ts";

const make = createShapeMaker();
const PACKAGE = make.slot("Package");
const VERSION = make.slot("Version");
const ARCHITECTURE = make.slot("Architecture");
const SOURCE = make.slot("Source");
const FILE_NAME = make.slot("Filename");
const SIZE = make.slot("Size");

/** A stanza of a Packages index as a row of binary_package. */
export const BINARY_ROW: RowShape = make.shape("binary_package", [
  ...COMMON_COLUMNS,
  { name: "architecture", write: (encoder, _, facts) => encoder.text(facts.architecture) },
  { name: "source_name", write: (encoder, _, facts) => encoder.text(facts.sourceName) },
  { name: "source_version", write: (encoder, _, facts) => encoder.text(facts.sourceVersion) },
  make.text("section", "Section"),
  make.text("priority", "Priority"),
  make.yes("essential", "Essential"),
  make.number("size_installed", "Installed-Size"),
  make.text("maintainer", "Maintainer"),
  make.text("original_maintainer", "Original-Maintainer"),
  make.text("homepage", "Homepage"),
  make.text("multi_arch", "Multi-Arch"),
  make.number("phased_update_percentage", "Phased-Update-Percentage", "smallint"),
  make.firstLine("summary", "Description"),
  make.furtherLines("description", "Description"),
  make.text("description_md5", "Description-md5"),
  make.text("depends", "Depends"),
  make.text("pre_depends", "Pre-Depends"),
  make.text("recommends", "Recommends"),
  make.text("suggests", "Suggests"),
  make.text("enhances", "Enhances"),
  make.text("breaks", "Breaks"),
  make.text("conflicts", "Conflicts"),
  make.text("replaces", "Replaces"),
  make.text("provides", "Provides"),
  make.text("built_using", "Built-Using"),
  make.text("static_built_using", "Static-Built-Using"),
  make.list("build_ids", "Build-Ids", "blank"),
  make.text("file_name", "Filename"),
  { name: "size", write: (encoder, stanza) => encoder.bigint(requiredNumber(stanza, SIZE)) },
  make.text("md5sum", "MD5sum"),
  make.text("sha1", "SHA1"),
  make.text("sha256", "SHA256"),
  make.text("sha512", "SHA512"),
  EXTRA_COLUMN,
] satisfies Column[]);

/** What names a binary package, checked. @throws OperatorError with file, line and field */
export function identifyBinary(stanza: Stanza, identity: Identity): void {
  identity.name = checkName(stanza, PACKAGE, requiredText(stanza, PACKAGE));
  identity.version = checkVersion(stanza, VERSION, requiredText(stanza, VERSION));
  identity.architecture = requiredText(stanza, ARCHITECTURE);
  const fault = architectureFault(identity.architecture);
  if (fault !== undefined) {
    const sentence = `Architecture ${JSON.stringify(identity.architecture)} is none: ${fault}`;
    throw stanzaError(stanza, sentence, ARCHITECTURE);
  }
  requiredText(stanza, FILE_NAME);
  identifySource(stanza, identity);
}

/** The field Source is `name` or `name (version)`; absent, both are the binary's (Policy 5.6.1). */
function identifySource(stanza: Stanza, identity: Identity): void {
  identity.sourceName = identity.name;
  identity.sourceVersion = identity.version;
  const text = fieldText(stanza, SOURCE);
  if (text === undefined) return;
  const match = /^(\S+)(?:\s+\(([^)]*)\))?$/.exec(text);
  if (match === null) throw stanzaError(stanza, `the field Source cannot be read`, SOURCE);
  identity.sourceName = checkName(stanza, SOURCE, match[1] ?? "");
  const [, , version] = match;
  if (version !== undefined) identity.sourceVersion = checkVersion(stanza, SOURCE, version);
}
