import { OperatorError } from "../../errors.ts";
import { Repository, Suite } from "../../model/archive-suite.ts";
import type { WantedContent } from "./content/plan-content.ts";
import type { AskedSuite } from "./fetch-release.ts";
import type { WantedSuite } from "./plan.ts";

/** A suite as it is to be imported. */
export interface ConfiguredSuite extends WantedSuite, WantedContent, AskedSuite {
  id: number;
  repository: string;
  failingSince: Date | null;
}

/**
 * The configured suites that are meant.
 *
 * @param names       of suites (by name or alias) or of repositories, which mean all their suites;
 *   none means all
 * @param repository  only its suites
 * @throws OperatorError `UNKNOWN_REPOSITORY`, `UNKNOWN_SUITE`, `AMBIGUOUS_SUITE`, `NO_SUITE`, which
 *   name what there is
 */
export async function findSuites(
  names: readonly string[],
  repository?: string,
): Promise<ConfiguredSuite[]> {
  const all = await configuredSuites();
  const repositories = (await Repository.findAll({ order: ["name"] })).map((one) => one.name);
  if (repository !== undefined && !repositories.includes(repository)) {
    throw unknownRepository(repository, repositories);
  }
  const choice = all.filter((one) => repository === undefined || one.repository === repository);
  if (all.length === 0) throw noSuite();
  if (names.length === 0) return choice;
  const meant = names.flatMap((name) => suitesNamed(name, choice, repositories));
  return [...new Set(meant)];
}

/**
 * The one suite that is meant.
 *
 * @throws OperatorError as `findSuites`, and `AMBIGUOUS_SUITE` for a repository of several suites
 */
export async function findSuite(name: string, repository?: string): Promise<ConfiguredSuite> {
  const [suite, ...others] = await findSuites([name], repository);
  if (suite === undefined) throw noSuite();
  if (others.length === 0) return suite;
  const names = [suite, ...others].map((one) => one.name);
  throw new OperatorError(
    "AMBIGUOUS_SUITE",
    `${name} is a repository of several suites: ${names.join(", ")}.`,
    "Name one of them.",
    { exitStatus: 2 },
  );
}

/** All configured suites, in the order of their repositories and names. */
export async function configuredSuites(): Promise<ConfiguredSuite[]> {
  const suites = await Suite.findAll({
    include: ["repository", "components", "architectures"],
    order: [
      ["repository", "name", "ASC"],
      ["name", "ASC"],
    ],
  });
  return suites.map((suite) => ({
    id: suite.id,
    repository: suite.repository?.name ?? "",
    name: suite.name,
    alias: suite.alias,
    mirrors: suite.repository?.mirrors ?? [],
    keyring: suite.repository?.keyring ?? "",
    components: (suite.components ?? []).map((one) => one.component).toSorted(),
    architectures: (suite.architectures ?? []).map((one) => one.architecture).toSorted(),
    sources: suite.sources,
    udebs: suite.udebs,
    translations: suite.translations,
    dep11: suite.dep11,
    checkValidUntil: suite.checkValidUntil,
    releaseDate: suite.releaseDate,
    failingSince: suite.failingSince,
  }));
}

function suitesNamed(
  name: string,
  choice: (ConfiguredSuite & { alias?: string | null })[],
  repositories: string[],
): ConfiguredSuite[] {
  if (repositories.includes(name)) {
    const own = choice.filter((suite) => suite.repository === name);
    if (own.length > 0) return own;
  }
  const found = choice.filter((suite) => suite.name === name || suite.alias === name);
  if (found.length === 1) return found;
  if (found.length === 0) {
    throw unknownSuite(name, [...choice.map((suite) => suite.name), ...repositories]);
  }
  const places = found.map((suite) => suite.repository);
  throw new OperatorError(
    "AMBIGUOUS_SUITE",
    `The suite ${name} is in several repositories: ${places.join(", ")}.`,
    `Say which: ${name} --repository ${places[0] ?? ""}`,
    { exitStatus: 2 },
  );
}

function unknownSuite(name: string, has: string[]): OperatorError {
  return new OperatorError("UNKNOWN_SUITE", `There is no suite ${name}.`, known(has), {
    exitStatus: 2,
  });
}

function unknownRepository(name: string, has: string[]): OperatorError {
  return new OperatorError("UNKNOWN_REPOSITORY", `There is no repository ${name}.`, known(has), {
    exitStatus: 2,
  });
}

function known(names: string[]): string {
  return `Known: ${[...new Set(names)].join(", ") || "none"}.`;
}

function noSuite(): OperatorError {
  return new OperatorError(
    "NO_SUITE",
    "No suite is configured yet.",
    "Describe the archives in a file and apply it: lk distro apply FILE",
  );
}
