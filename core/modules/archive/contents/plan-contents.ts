import type { Release } from "../../../debian/release.ts";
import { OperatorError } from "../../../errors.ts";
import { type PlannedFile, planFile } from "../plan.ts";

/** Which Contents of a suite are asked. */
export interface WantedContents {
  name: string;
  components: readonly string[];
  /** With `all` for packages for all. */
  architectures: readonly string[];
  /** Where packages for all stand when they have no Contents of their own. */
  anyArchitecture: string | undefined;
}

/**
 * The Contents of a suite: of each component where they are split so, as Debian's are, else of the
 * whole suite, as Ubuntu's are.
 *
 * @throws OperatorError `SUITE_LACKS_CONTENTS`, `RELEASE_WITHOUT_SHA256`
 */
export function planContents(wanted: WantedContents, release: Release): PlannedFile[] {
  const split = wanted.components.map((component) => `${component}/Contents`);
  for (const places of [split, ["Contents"]]) {
    const files = places.flatMap((place) => planPlace(place, wanted, release));
    // A component without packages has an empty one, which says no less that they are split.
    if (files.length > 0) return files.filter((file) => file.plain?.size !== 0);
  }
  throw new OperatorError(
    "SUITE_LACKS_CONTENTS",
    `The Release of ${wanted.name} lists no Contents of ${wanted.architectures.join(", ")}.`,
    "Not every archive publishes which files its packages have.",
  );
}

function planPlace(place: string, wanted: WantedContents, release: Release): PlannedFile[] {
  const files = new Map<string, PlannedFile>();
  for (const architecture of wanted.architectures) {
    const own = planFile(release, `${place}-${architecture}`);
    const file =
      own === undefined && architecture === "all" && wanted.anyArchitecture !== undefined
        ? planFile(release, `${place}-${wanted.anyArchitecture}`)
        : own;
    if (file !== undefined) files.set(file.path, file);
  }
  return [...files.values()];
}
