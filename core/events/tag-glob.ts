/** A glob of * and ? as SQL's LIKE understands it. */
export function likeOfGlob(glob: string): string {
  return glob
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}
