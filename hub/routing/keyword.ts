import { z } from "zod";

/**
 * The kinds of news that people choose from: the words of Debian's package tracker (distro-tracker,
 * docs/usage/messages.rst), and our own for what it does not have. Those with `usual` are heard by
 * who chose nothing.
 */
export const KEYWORDS = {
  "upload-source": { usual: true, about: "a source package was uploaded or updated" },
  "upload-binary": { usual: false, about: "binary packages were uploaded or updated" },
  archive: { usual: true, about: "other news of the archive: removals, copies, imports" },
  build: { usual: true, about: "builds of packages" },
  queue: { usual: true, about: "what waits for review" },
  migration: { usual: true, about: "what may and may not migrate" },
  depcheck: { usual: true, about: "dependencies that cannot be met" },
  sync: { usual: true, about: "packages brought in from the parent distribution" },
  image: { usual: true, about: "images" },
  bts: { usual: true, about: "bug reports" },
  "bts-control": { usual: true, about: "changes to bug reports" },
  contact: { usual: true, about: "mail to the maintainers" },
  summary: { usual: true, about: "regular summaries" },
  default: { usual: true, about: "everything else" },
  vcs: { usual: false, about: "commits" },
  translation: { usual: false, about: "translations" },
  derivatives: { usual: false, about: "changes in derived distributions" },
  "derivatives-bugs": { usual: false, about: "bugs of derived distributions" },
} as const;
export type Keyword = keyof typeof KEYWORDS;

export const Keyword = z.enum(Object.keys(KEYWORDS) as [Keyword, ...Keyword[]]);

/** What is heard by who chose nothing. */
export const USUAL_KEYWORDS: readonly Keyword[] = Keyword.options.filter(
  (name) => KEYWORDS[name].usual,
);

const MODULES: Record<string, Keyword> = {
  archive: "archive",
  rubicon: "build",
  jobs: "build",
  ariadne: "build",
  spears: "migration",
  debcheck: "depcheck",
  synchrotron: "sync",
  isotope: "image",
};

/** The kind of news that an event is. */
export function keywordOf(tag: string, data: unknown): Keyword {
  const module = moduleOf(tag);
  if (module === "archive") return archiveKeyword(tag.slice(tag.lastIndexOf(".") + 1), data);
  return Object.hasOwn(MODULES, module) ? (MODULES[module] ?? "default") : "default";
}

function archiveKeyword(subject: string, data: unknown): Keyword {
  if (subject.startsWith("package-build-")) return "build";
  const field = (name: string): unknown =>
    typeof data === "object" && data !== null ? (data as Record<string, unknown>)[name] : undefined;
  switch (subject) {
    case "package-upload-accepted":
      if (field("is_new") === true) return "queue";
      return field("source_name") ? "upload-source" : "upload-binary";
    case "package-upload-rejected":
      return "upload-source";
    case "package-changed":
      if (field("source_changed") === false) return "upload-binary";
      return ["added", "updated"].includes(String(field("change"))) ? "upload-source" : "archive";
    default:
      return "archive";
  }
}

/** `archive` of `_lk.archive.package-changed`. */
export function moduleOf(tag: string): string {
  const parts = tag.split(".");
  return (parts[0] === "_lk" ? parts[1] : parts[0]) ?? "";
}

/** How a set of keywords changes: `=` is these, `+` these too, `-` without these. */
export interface KeywordChange {
  sign: "=" | "+" | "-";
  keywords: readonly Keyword[];
}

/** The set after a change. */
export function changedKeywords(
  before: readonly Keyword[],
  { sign, keywords }: KeywordChange,
): Keyword[] {
  if (sign === "=") return [...new Set(keywords)];
  const kept = before.filter((keyword) => !keywords.includes(keyword));
  return sign === "-" ? kept : [...kept, ...new Set(keywords)];
}
