/**
 * Versions of packages as Debian Policy 5.6.12 defines them: `[epoch:]upstream[-revision]`.
 * Order is dpkg's (deb-version(7)); the tests ask dpkg itself.
 */

/** Versions stand in file names, which end at 255 bytes. */
const LONGEST = 255;
const LARGEST_EPOCH = 2_147_483_647;

/**
 * What is wrong with a version, in words, or undefined when it is valid. As strict as
 * `dpkg --validate-version`.
 */
export function versionFault(version: string): string | undefined {
  // The common shape, in one step.
  if (/^\d[A-Za-z0-9.+~]*(-[A-Za-z0-9.+~]+)?$/.test(version) && version.length <= LONGEST) {
    return undefined;
  }
  if (version === "") return "it is empty";
  if (version.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  const { epoch, upstream, revision } = splitVersion(version);
  if (epoch !== undefined) {
    if (!/^\d+$/.test(epoch)) return "its epoch is not a number";
    if (Number(epoch) > LARGEST_EPOCH) return "its epoch is too big";
  }
  if (upstream === "") return "nothing stands before its revision";
  if (!/^\d/.test(upstream)) return "it does not start with a digit";
  if (/[^A-Za-z0-9.+~:-]/.test(upstream)) return "it has a character that is not allowed";
  if (revision === "") return "its revision is empty";
  if (revision !== undefined && /[^A-Za-z0-9.+~]/.test(revision)) {
    return "its revision has a character that is not allowed";
  }
  return undefined;
}

/** The parts of a version: the epoch ends at the first colon, the revision is after the last dash. */
export function splitVersion(version: string): {
  epoch: string | undefined;
  upstream: string;
  revision: string | undefined;
} {
  const colon = version.indexOf(":");
  const rest = colon < 0 ? version : version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? undefined : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? undefined : rest.slice(dash + 1),
  };
}

/**
 * A text whose byte order (PostgreSQL `COLLATE "C"`) is the order of versions, so that the
 * database sorts and compares without an extension. Equal versions (1.0, 1.00, 1.0-0) have equal
 * keys.
 *
 * Each part is written as runs: what is no digit, then `"`, then the digits without leading zeros
 * behind a character that tells how many they are; a last `"` closes the part. `~` becomes `!`,
 * which sorts before the closing `"`; `+ - . :` move behind the letters, as dpkg orders them.
 *
 * @param version a valid one
 */
export function versionKey(version: string): string {
  const { epoch, upstream, revision } = splitVersion(version);
  return partKey(epoch ?? "0") + partKey(upstream) + partKey(revision ?? "0");
}

/** Negative, zero or positive, as `a` is earlier than, equal to or later than `b`. */
export function compareVersions(a: string, b: string): number {
  const keyA = versionKey(a);
  const keyB = versionKey(b);
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

const TILDE = 0x7e;
const QUOTE = '"';
/** `+ - . :` in the order of their bytes take the four places behind `z`. */
const BEHIND_LETTERS: Record<string, string> = { "+": "{", "-": "|", ".": "}", ":": "~" };
const FIRST_COUNT = 0x23;

function partKey(part: string): string {
  let key = "";
  let at = 0;
  while (at < part.length) {
    while (at < part.length && !isDigit(part.charCodeAt(at))) {
      const character = part[at] ?? "";
      key += part.charCodeAt(at) === TILDE ? "!" : (BEHIND_LETTERS[character] ?? character);
      at++;
    }
    let start = at;
    while (at < part.length && isDigit(part.charCodeAt(at))) at++;
    while (start < at && part[start] === "0") start++;
    key += QUOTE + String.fromCharCode(FIRST_COUNT + at - start) + part.slice(start, at);
  }
  return key + QUOTE;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
