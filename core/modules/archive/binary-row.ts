import { architectureFault } from "../../debian/package-name.ts";
import { fieldText, requiredText, type Stanza, stanzaError } from "../../debian/stanza.ts";
import type { CopyEncoder } from "./copy-encoder.ts";
import {
  checkName,
  checkVersion,
  COMMON_COLUMNS,
  type Column,
  createShapeMaker,
  EXTRA_COLUMN,
  requiredNumber,
  type RowFacts,
  type RowShape,
} from "./row.ts";

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
  { name: "source_name", write: (encoder, stanza, facts) => sourceOf(encoder, stanza, facts, 1) },
  {
    name: "source_version",
    write: (encoder, stanza, facts) => sourceOf(encoder, stanza, facts, 2),
  },
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
  make.list("build_ids", "Build-Ids", /\s+/),
  make.text("file_name", "Filename"),
  { name: "size", write: (encoder, stanza) => encoder.bigint(requiredNumber(stanza, SIZE)) },
  make.text("md5sum", "MD5sum"),
  make.text("sha1", "SHA1"),
  make.text("sha256", "SHA256"),
  make.text("sha512", "SHA512"),
  EXTRA_COLUMN,
] satisfies Column[]);

/** What names a binary package, checked. @throws OperatorError with file, line and field */
export function binaryIdentity(
  stanza: Stanza,
): Pick<RowFacts, "name" | "version" | "architecture"> {
  const name = checkName(stanza, PACKAGE, requiredText(stanza, PACKAGE));
  const version = checkVersion(stanza, VERSION, requiredText(stanza, VERSION));
  const architecture = requiredText(stanza, ARCHITECTURE);
  const fault = architectureFault(architecture);
  if (fault !== undefined) {
    const sentence = `Architecture ${JSON.stringify(architecture)} is none: ${fault}`;
    throw stanzaError(stanza, sentence, ARCHITECTURE);
  }
  requiredText(stanza, FILE_NAME);
  return { name, version, architecture };
}

/** The field Source is `name` or `name (version)`; absent, both are the binary's (Policy 5.6.1). */
function sourceOf(encoder: CopyEncoder, stanza: Stanza, facts: RowFacts, part: 1 | 2): void {
  const text = fieldText(stanza, SOURCE);
  if (text === undefined) return encoder.text(part === 1 ? facts.name : facts.version);
  const match = /^(\S+)(?:\s+\(([^)]*)\))?$/.exec(text);
  if (match === null) throw stanzaError(stanza, `the field Source cannot be read`, SOURCE);
  if (part === 1) return encoder.text(checkName(stanza, SOURCE, match[1] ?? ""));
  const version = match[2];
  encoder.text(version === undefined ? facts.version : checkVersion(stanza, SOURCE, version));
}
