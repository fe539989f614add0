import { checkSuiteName, checkValidity, parseRelease, type Release } from "../../debian/release.ts";
import { type SignedFile, verifySigned } from "../../debian/signature.ts";
import { asError, OperatorError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Fetched, Fetcher } from "./fetch.ts";
import { archiveUrl, shownUrl } from "./fetch-address.ts";

/** A suite to be asked for. */
export interface AskedSuite {
  name: string;
  mirrors: string[];
  keyring: string;
  /** Whether a Release that has expired is refused, as it should be. */
  checkValidUntil: boolean;
  /** Of the Release that was imported last: an older one is a step back. */
  releaseDate: Date | null;
}

/** InRelease as it was got, to ask for it conditionally next time. */
export interface ReleaseCopy {
  url: string;
  etag: string | null;
  lastModified: string | null;
  content: Buffer;
}

export interface FetchedRelease {
  release: Release;
  /** The mirror that had it: the first to ask for the indices as well. */
  mirror: string;
  /** Undefined where there is only Release with Release.gpg. */
  copy: ReleaseCopy | undefined;
}

const LARGEST = 64 * 1024 * 1024;

/**
 * The Release of a suite from the first mirror that has an acceptable one: signed by a key of the
 * keyring, of this suite, valid now, and not older than the one before.
 *
 * @param before what was got last time, verified again
 * @throws OperatorError saying what was wrong at each mirror
 */
export async function fetchRelease(
  fetcher: Fetcher,
  suite: AskedSuite,
  before: ReleaseCopy | undefined,
  options: { force: boolean; log: Log; signal: AbortSignal },
): Promise<FetchedRelease> {
  const failures: OperatorError[] = [];
  for (const mirror of fetcher.inOrder(suite.mirrors)) {
    try {
      return await releaseOf(mirror, fetcher, suite, before, options);
    } catch (thrown) {
      if (options.signal.aborted || !(thrown instanceof OperatorError)) throw asError(thrown);
      fetcher.blame(mirror);
      failures.push(thrown);
      options.log.warn({ mirror: shownUrl(mirror), reason: thrown.message }, "mirror not usable");
    }
  }
  throw worst(failures);
}

async function releaseOf(
  mirror: string,
  fetcher: Fetcher,
  suite: AskedSuite,
  before: ReleaseCopy | undefined,
  options: { force: boolean; signal: AbortSignal },
): Promise<FetchedRelease> {
  const folder = archiveUrl(mirror, `dists/${suite.name}`);
  const url = `${folder}/InRelease`;
  const known = before?.url === url ? before : undefined;
  const copy = await fetcher.fetch(url, (fetched) => copyOf(url, fetched, known), {
    known,
  });
  const signed = copy === undefined ? await detachedRelease(fetcher, folder) : fileOf(copy);
  const { text } = await verifySigned(signed, suite.keyring, options.signal);
  const release = parseRelease(text, signed.name);
  checkSuiteName(release, suite.name, signed.name);
  checkValidity(release, new Date(), signed.name, suite);
  if (!options.force) refuseStepBack(release, suite, signed.name);
  return { release, mirror, copy };
}

async function copyOf(
  url: string,
  fetched: Fetched,
  known: ReleaseCopy | undefined,
): Promise<ReleaseCopy | undefined> {
  if (fetched.status === "missing") return undefined;
  if (fetched.status === "unchanged") return known;
  return {
    url,
    etag: fetched.etag ?? null,
    lastModified: fetched.lastModified ?? null,
    content: await collect(url, fetched),
  };
}

function fileOf(copy: ReleaseCopy): SignedFile {
  return { name: shownUrl(copy.url), content: copy.content };
}

/** The older form: Release and beside it its signature. */
async function detachedRelease(fetcher: Fetcher, folder: string): Promise<SignedFile> {
  const name = `${folder}/Release`;
  const content = await fetcher.fetch(name, (fetched) => contentOf(name, fetched));
  const signature = `${name}.gpg`;
  const detached = await fetcher.fetch(signature, (fetched) => contentOf(signature, fetched));
  if (content === undefined) {
    throw new OperatorError(
      "RELEASE_MISSING",
      `${shownUrl(folder)} has neither InRelease nor Release.`,
      "Check the address of the mirror and the name of the suite.",
    );
  }
  if (detached === undefined) {
    throw new OperatorError(
      "BAD_SIGNATURE",
      `${shownUrl(name)} is not signed: there is no InRelease and no Release.gpg.`,
      "Archives without a signature are not imported.",
    );
  }
  return { name: shownUrl(name), content, detached };
}

async function contentOf(url: string, fetched: Fetched): Promise<Buffer | undefined> {
  return fetched.status === "found" ? collect(url, fetched) : undefined;
}

async function collect(url: string, fetched: Fetched & { status: "found" }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of fetched.body) {
    size += chunk.length;
    if (size > LARGEST) {
      throw new OperatorError(
        "RELEASE_TOO_LARGE",
        `${shownUrl(url)} is larger than 64 MiB.`,
        "This is no Release file; check the address of the mirror.",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseStepBack(release: Release, suite: AskedSuite, name: string): void {
  if (suite.releaseDate === null || release.date >= suite.releaseDate) return;
  throw new OperatorError(
    "RELEASE_OLDER",
    `${name} is of ${release.date.toISOString()}, older than the one imported last, ` +
      `of ${suite.releaseDate.toISOString()}.`,
    "The mirror is behind. If the archive was really set back: import SUITE --force",
  );
}

/** One error for all mirrors; what is wrong with a file tells more than a silent server. */
function worst(failures: OperatorError[]): OperatorError {
  const [first] = failures;
  if (first === undefined) return new OperatorError("NO_MIRROR", "The repository has no mirror.");
  const main = failures.find((failure) => failure.code !== "MIRROR_UNREACHABLE") ?? first;
  if (failures.length === 1) return main;
  const sentences = failures.map((failure) => failure.message).join(" ");
  return new OperatorError(main.code, sentences, main.hint, { cause: main });
}
