import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { architectureFault } from "../../debian/package-name.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9.+~_-]*$/;
const Name = z.string().regex(NAME, "a name has letters, digits and . + ~ _ - only");
const SuiteName = z
  .string()
  .refine(
    (name) => name.split("/").every((part) => NAME.test(part)),
    "a suite is named like bookworm, bookworm-updates or bookworm/updates",
  );
const Architecture = z
  .string()
  .refine(
    (name) => architectureFault(name) === undefined,
    "no name of an architecture: a-z, 0-9, -",
  )
  .refine((name) => name !== "source", 'sources are switched on with "sources = true"');
const Mirror = z
  .string()
  .refine(isMirror, "an address begins with http://, https:// or file: and has no query");

/** As in the names of `Translation-LANGUAGE`: de, pt_BR, sr@latin. */
const Language = z
  .string()
  .regex(/^[a-z]{2,3}(_[A-Za-z]+)?(@[a-z]+)?$/, "a language is written like de, pt_BR or sr@latin");

const SuiteSection = z
  .strictObject({
    name: SuiteName,
    alias: SuiteName.optional(),
    summary: z.string().optional(),
    components: z.array(Name).min(1),
    architectures: z.array(Architecture),
    sources: z.boolean().default(true),
    udebs: z.boolean().default(false),
    translations: z.array(Language).optional(),
    dep11: z.boolean().default(false),
    check_valid_until: z.boolean().default(true),
  })
  .refine((suite) => suite.sources || suite.architectures.length > 0, {
    path: ["architectures"],
    message: "without sources there must be at least one architecture",
  });

const Repository = z
  .strictObject({
    name: Name,
    url: Mirror.optional(),
    mirrors: z.array(Mirror).min(1).optional(),
    keyring: z.string().min(1),
    suite: z.array(SuiteSection).default([]),
  })
  .refine((one) => (one.url === undefined) !== (one.mirrors === undefined), {
    message: "needs either url, or mirrors with several addresses",
  })
  .superRefine((one, context) => refuseRepeated(one.suite, "suite", context));

/** `[[repository]]` in the description of a distribution. */
export const RepositorySection = z
  .array(Repository)
  .superRefine((all, context) => refuseRepeated(all, undefined, context));
export type RepositorySection = z.output<typeof RepositorySection>;

/** A repository as the file means it: mirrors in order, paths absolute. */
export interface WantedRepository {
  name: string;
  mirrors: string[];
  keyring: string;
  suites: WantedSuiteRow[];
}

export interface WantedSuiteRow {
  name: string;
  alias: string | null;
  summary: string | null;
  components: string[];
  architectures: string[];
  sources: boolean;
  udebs: boolean;
  /** Null: en, where the archive has it. */
  translations: string[] | null;
  dep11: boolean;
  /** False for archives that are not published any more, such as snapshots. */
  checkValidUntil: boolean;
}

/** Resolves what the file leaves open. @param folder of the file, for relative paths */
export function wantedRepositories(section: RepositorySection, folder: string): WantedRepository[] {
  return section.map((one) => ({
    name: one.name,
    mirrors: (one.mirrors ?? [one.url ?? ""]).map((mirror) => absoluteMirror(mirror, folder)),
    keyring: resolve(folder, one.keyring),
    suites: one.suite.map((suite) => ({
      name: suite.name,
      alias: suite.alias ?? null,
      summary: suite.summary ?? null,
      components: [...new Set(suite.components)].toSorted(),
      architectures: [...new Set(suite.architectures)].toSorted(),
      sources: suite.sources,
      udebs: suite.udebs,
      translations:
        suite.translations === undefined ? null : [...new Set(suite.translations)].toSorted(),
      dep11: suite.dep11,
      checkValidUntil: suite.check_valid_until,
    })),
  }));
}

/** A file: address with a relative path starts at the folder of the file it stands in. */
export function absoluteMirror(mirror: string, folder: string): string {
  if (!mirror.startsWith("file:")) return mirror.replace(/\/+$/, "");
  const path = decodeURIComponent(mirror.slice("file:".length).replace(/^\/\//, ""));
  return pathToFileURL(resolve(folder, path)).href.replace(/\/+$/, "");
}

function isMirror(text: string): boolean {
  if (/^file:.+/.test(text)) return !/[?#]/.test(text);
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) && url.search === "" && url.hash === "";
}

function refuseRepeated(
  all: readonly { name: string }[],
  key: string | undefined,
  context: z.core.$RefinementCtx,
): void {
  all.forEach((one, index) => {
    if (all.findIndex((other) => other.name === one.name) === index) return;
    context.addIssue({
      code: "custom",
      path: key === undefined ? [index, "name"] : [key, index, "name"],
      message: `the name ${one.name} stands twice`,
    });
  });
}
