import { configuredSuites } from "./suites.ts";

/** Events of Laniakea after which an archive differs from what we know of it. */
export const TRIGGER_TAGS = [
  "_lk.archive.package-upload-accepted",
  "_lk.archive.package-src-suite-deleted",
  "_lk.archive.package-src-marked-removal",
  "_lk.archive.package-src-copied",
  "_lk.archive.source-package-published",
  "_lk.archive.source-package-published-in-suite",
  "_lk.archive.source-package-suite-removed",
  "_lk.archive.binary-package-published",
  "_lk.synchrotron.src-package-imported",
];

/**
 * What to import after an event: the suites it names that are configured here, or null for none.
 *
 * @param data of the event; may have any shape
 */
export async function suitesOfEvent(
  data: unknown,
): Promise<{ suites: string[]; repository?: string } | null> {
  const fields = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  if (fields["is_new"] === true) return null;
  const named = new Set(
    ["suite", "dest_suite", "suite_dest", "suite_new", "suite_old", "suites"]
      .flatMap((field) => fields[field])
      .filter((value) => typeof value === "string"),
  );
  const repository = typeof fields["repo"] === "string" ? fields["repo"] : undefined;
  const known = (await configuredSuites()).filter(
    (suite) =>
      (named.size === 0 || named.has(suite.name)) &&
      (repository === undefined || suite.repository === repository),
  );
  // An event that names neither repository nor suite is no reason to import everything.
  if (known.length === 0 || (named.size === 0 && repository === undefined)) return null;
  return {
    suites: [...new Set(known.map((suite) => suite.name))].toSorted(),
    ...(repository === undefined ? {} : { repository }),
  };
}
