import { readFileSync } from "node:fs";
import { type Settings, settingPath } from "../../../core/config.ts";
import { asError, OperatorError } from "../../../core/errors.ts";
import { matchesGlob } from "../../routing/glob.ts";

/**
 * Who may get mail during trials: the addresses and patterns of `email.only_to`, and the files of
 * `email.only_to_files` in the form of Laniakea's (and dak's) whitelist: an address a line, `#`
 * comments, `RE:` before a regular expression. Both are held against the whole address, where the
 * peer let `a@example.org` pass as `a@example.org.evil.example`. Neither set: everybody.
 *
 * @throws OperatorError `BAD_WHITELIST`
 */
export function readAllowed(settings: Settings): (address: string) => boolean {
  const { only_to: globs, only_to_files: files } = settings.config.email;
  if (globs.length === 0 && files.length === 0) return () => true;
  const tests = [
    ...globs.map((glob) => (address: string) => matchesGlob(glob.toLowerCase(), address)),
    ...files.flatMap((file) => readWhitelist(settingPath(settings, file))),
  ];
  return (address) => tests.some((test) => test(address.toLowerCase()));
}

function readWhitelist(file: string): ((address: string) => boolean)[] {
  return readText(file)
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*#.*|\s#.*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => {
      if (!line.startsWith("RE:")) return (address) => address === line.toLowerCase();
      const pattern = readPattern(line.slice(3).trim(), file);
      return (address) => pattern.test(address);
    });
}

/** The operator writes these files: a pattern that takes for ever is theirs to mend. */
function readPattern(source: string, file: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, "i");
  } catch (thrown) {
    throw badWhitelist(file, asError(thrown));
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw badWhitelist(file, asError(thrown));
  }
}

function badWhitelist(file: string, cause: Error): OperatorError {
  return new OperatorError(
    "BAD_WHITELIST",
    `The file ${file}, named by email.only_to_files, cannot be used: ${cause.message}.`,
    "Write an address on each line, or RE: and a regular expression.",
    { cause, exitStatus: 2 },
  );
}
