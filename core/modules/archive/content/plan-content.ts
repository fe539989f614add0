import type { Release } from "../../../debian/release.ts";
import { OperatorError } from "../../../errors.ts";
import { type PlannedFile, planFile } from "../plan.ts";

/** What is wanted of a suite besides its packages. */
export interface WantedContent {
  name: string;
  components: string[];
  architectures: string[];
  /** Languages of descriptions; null: en, where the archive has it. */
  translations: string[] | null;
  dep11: boolean;
}

export type ContentKind = "translation" | "components" | "cids" | "icons";

/** A file that is imported besides Packages and Sources. */
export interface PlannedContent extends PlannedFile {
  kind: ContentKind;
  component: string;
  /** Language, architecture or size of icons. */
  variant: string;
  /** What shapes the reading besides the file itself. */
  readAs: string;
}

/** The size that lists and pages of software show; others are at the address a component names. */
export const ICON_SIZE = "64x64";

/**
 * Chooses the files to import besides packages. A component of the archive may lack any of them,
 * for there is not something to translate or to show in each, but what is asked for must be
 * somewhere.
 *
 * Without a wish, English descriptions are taken where the Release lists them: an archive that has
 * a Translation-en has taken the long descriptions out of its Packages.
 *
 * @throws OperatorError `SUITE_LACKS_CONTENT`, `RELEASE_WITHOUT_SHA256`
 */
export function planContent(wanted: WantedContent, release: Release): PlannedContent[] {
  const languages = wanted.translations ?? ["en"];
  const planned: PlannedContent[] = [];
  function find(kind: ContentKind, variant: string, path: (component: string) => string): void {
    for (const component of wanted.components) {
      const file = planFile(release, path(component));
      if (file !== undefined) planned.push({ kind, component, variant, readAs: "", ...file });
    }
  }
  for (const language of languages) {
    find("translation", language, (component) => `${component}/i18n/Translation-${language}`);
    if (wanted.translations === null || hasContent(planned, "translation", language)) continue;
    throw lacksContent(wanted, `i18n/Translation-${language}`, listedLanguages(release));
  }
  if (!wanted.dep11) return planned;
  for (const architecture of wanted.architectures) {
    const at = planned.length;
    find("components", architecture, (component) => components(component, architecture));
    for (const one of planned.slice(at)) one.readAs = languages.toSorted().join(" ");
    find("cids", architecture, (component) => `${component}/dep11/CID-Index-${architecture}.json`);
  }
  find("icons", ICON_SIZE, (component) => `${component}/dep11/icons-${ICON_SIZE}.tar`);
  if (!planned.some((one) => one.kind === "components")) {
    throw lacksContent(wanted, "dep11/Components-*.yml", []);
  }
  return planned;
}

function components(component: string, architecture: string): string {
  return `${component}/dep11/Components-${architecture}.yml`;
}

function hasContent(planned: PlannedContent[], kind: ContentKind, variant: string): boolean {
  return planned.some((one) => one.kind === kind && one.variant === variant);
}

function listedLanguages(release: Release): string[] {
  const found = new Set<string>();
  for (const path of release.files.keys()) {
    const [, language] = /\/i18n\/Translation-([A-Za-z_@]+)(\.[a-z0-9]+)?$/.exec(path) ?? [];
    if (language !== undefined) found.add(language);
  }
  return [...found].toSorted();
}

function lacksContent(wanted: WantedContent, what: string, languages: string[]): OperatorError {
  const known = languages.length === 0 ? "" : ` It has the languages ${languages.join(", ")}.`;
  return new OperatorError(
    "SUITE_LACKS_CONTENT",
    `The Release of ${wanted.name} lists no ${what} in ${wanted.components.join(", ")}.${known}`,
    "Mend translations or dep11 of the suite: lk distro export, edit, lk distro apply FILE.",
  );
}
