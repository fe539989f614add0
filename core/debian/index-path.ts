/** What an index lists: source packages, binary packages, or those of the installer. */
export const INDEX_KINDS = ["source", "deb", "udeb"] as const;
export type IndexKind = (typeof INDEX_KINDS)[number];

/**
 * Where a suite keeps an index, relative to its Release file and without the ending of a
 * compression (https://wiki.debian.org/DebianRepository/Format).
 *
 * @param architecture ignored for sources
 */
export function indexPath(kind: IndexKind, component: string, architecture: string): string {
  if (kind === "source") return `${component}/source/Sources`;
  const installer = kind === "udeb" ? "debian-installer/" : "";
  return `${component}/${installer}binary-${architecture}/Packages`;
}
