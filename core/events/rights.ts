/**
 * Who may say what. Laniakea lets every trusted key say everything, so that a build machine can
 * announce what the archive never did; here a signer has the tags of its module, and no others.
 */

/** What one signer may say. A tag is fine when `allow` matches it and `deny` does not. */
export interface Rights {
  allow: readonly string[];
  deny: readonly string[];
  /**
   * Of a Lighthouse, which signs what it relays beside those whose event it is: the tags for which
   * its word is enough on the bus, when no other signature can be checked.
   */
  relayed?: readonly string[];
}

/** The module of a signer, and where we know it from. */
export interface SignerNames {
  id: string;
  /** `module` in the metadata of the key file, which `lk key new --module` writes. */
  metadata?: string | undefined;
  /** Name of the key file in the folder of trusted keys, without its endings. */
  file?: string | undefined;
}

export const NO_RIGHTS: Rights = { allow: [], deny: [] };

/**
 * The modules that sign, with what they say besides their own `_lk.MODULE.*`. After the table of
 * events: the peer's rubicon reports builds and uploads in the archive's name, its isotope
 * commands are signed by admin-cli, and synchrotron moves packages between suites.
 */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  "admin-cli": ["_lk.isotope.*"],
  archive: [],
  ariadne: [],
  core: [],
  debcheck: [],
  isotope: [],
  jobs: [],
  keytool: [],
  planter: [],
  rubicon: ["_lk.archive.package-build-*", "_lk.archive.package-upload-*", "_lk.isotope.image-*"],
  spears: [],
  synchrotron: ["_lk.archive.package-src-*"],
  test: [],
  webdash: [],
  webswview: [],
};

/** Signs for all modules of a machine that have no key of their own. */
const FALLBACK = "general";
const RELAY = "lighthouse";
/** Build machines: many, and far away. */
const WORKERS = ["spark", "worker"];
const WORDS = [...Object.keys(MODULES), FALLBACK, RELAY, ...WORKERS];

/** Said in our own name when nobody else signed: what the job server does, and its own state. */
const OWN_EVENTS = ["_lk.jobs.*", "_lk.lighthouse.*"];
const EVERYTHING = ["_lk.*"];

/**
 * The module a signer stands for: what the metadata says, else a module's name at the end or the
 * start of the signer id, else of the file name (`anise-archive`, `archive-anise`).
 */
export function moduleOfSigner({ id, metadata, file }: SignerNames): string | undefined {
  if (metadata !== undefined && /^[a-z][a-z0-9-]*$/.test(metadata)) return metadata;
  return wordIn(id) ?? (file === undefined ? undefined : wordIn(file));
}

/** What a module's signer may say unless somebody decided otherwise. Unknown ones: nothing. */
export function defaultRights(module: string | undefined): Rights {
  if (module === undefined) return NO_RIGHTS;
  if (module === FALLBACK) return { allow: EVERYTHING, deny: [] };
  if (module === RELAY) return { allow: OWN_EVENTS, deny: [], relayed: EVERYTHING };
  if (WORKERS.includes(module)) return { allow: ["_lk.jobs.job-finished"], deny: [] };
  return { allow: [`_lk.${module}.*`, ...(MODULES[module] ?? [])], deny: [] };
}

/** Rights with what was decided about a signer: a list instead of the default, and denials. */
export function decideRights(
  given: Rights,
  decision: { allow?: readonly string[] | undefined; deny?: readonly string[] | undefined } = {},
): Rights {
  const { allow, deny } = decision;
  const relayed = given.relayed && { relayed: allow ?? given.relayed };
  return { allow: allow ?? given.allow, deny: deny ?? given.deny, ...relayed };
}

/** True when these rights hold the tag. */
export function maySay(rights: Rights, tag: string): boolean {
  return matchesAny(rights.allow, tag) && !matchesAny(rights.deny, tag);
}

/** A pattern of tags: `*` stands for anything, all else for itself. */
export const TAG_PATTERN = /^[A-Za-z0-9_.:+*-]{1,200}$/;

function matchesAny(patterns: readonly string[], tag: string): boolean {
  return patterns.some((pattern) => matches(pattern, tag));
}

/** Star by star from the left, so that no pattern takes more than one look at each character. */
function matches(pattern: string, tag: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) return tag === head;
  if (!tag.startsWith(head)) return false;
  let position = head.length;
  for (const piece of rest) {
    const found = tag.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return tag.length - tail.length >= position && tag.endsWith(tail);
}

function wordIn(name: string): string | undefined {
  const low = name.toLowerCase();
  return (
    WORDS.find((word) => low === word || new RegExp(`[-_.@]${word}$`).test(low)) ??
    WORDS.find((word) => new RegExp(`^${word}[-_.@]`).test(low))
  );
}
