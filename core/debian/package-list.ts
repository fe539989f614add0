import { OperatorError } from "../errors.ts";
import { packageNameFault } from "./package-name.ts";
import type { Restriction } from "./relationship.ts";

/** A binary package that a source is expected to build. */
export interface ExpectedBinary {
  name: string;
  /** `deb` or `udeb`. */
  type: string;
  /** With its component where that is not main: `contrib/games`. */
  section: string;
  priority: string;
  /** Names and wildcards; undefined when the list does not say. */
  architectures: string[] | undefined;
  /** As in `<…>` of a relationship: any of the conjunctions must hold. Empty: always built. */
  profiles: Restriction[][];
  essential: boolean;
  protected: boolean;
  /** Further `key=value` words, as written. */
  other: Record<string, string>;
}

/**
 * Reads the field Package-List of a source package: a line each of name, type, section, priority
 * and optional `key=value` words (deb-src-control(5), dsc(5)).
 *
 * @throws OperatorError `MALFORMED_PACKAGE_LIST` that quotes the line
 */
export function parsePackageList(text: string): ExpectedBinary[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map(parseLine);
}

function parseLine(line: string): ExpectedBinary {
  const [name = "", type = "", section = "", priority = "", ...rest] = line.split(/\s+/);
  if (packageNameFault(name) !== undefined) throw malformed(line, "the name of the package");
  if (priority === "" || rest.some((word) => !/^[A-Za-z0-9:-]+=./.test(word))) {
    throw malformed(line, "it is not: name type section priority key=value …");
  }
  const words = new Map(rest.map((word) => splitAtFirst(word)));
  const binary: ExpectedBinary = {
    name,
    type,
    section,
    priority,
    architectures: words.get("arch")?.split(","),
    profiles: (words.get("profile")?.split("+") ?? []).map(parseConjunction),
    essential: words.get("essential") === "yes",
    protected: words.get("protected") === "yes",
    other: {},
  };
  for (const key of ["arch", "profile", "essential", "protected"]) words.delete(key);
  binary.other = Object.fromEntries(words);
  return binary;
}

/** dpkg writes `<a !b> <c>` as `a,!b+c`, for a word must not hold a blank. */
function parseConjunction(text: string): Restriction[] {
  return text.split(",").map((word) => {
    const negated = word.startsWith("!");
    return { name: negated ? word.slice(1) : word, negated };
  });
}

function splitAtFirst(word: string): [string, string] {
  const equals = word.indexOf("=");
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function malformed(line: string, fault: string): OperatorError {
  return new OperatorError(
    "MALFORMED_PACKAGE_LIST",
    `The line ${JSON.stringify(line)} of a Package-List cannot be read: ${fault}.`,
    "Whoever uploaded this source package has to mend it.",
  );
}
