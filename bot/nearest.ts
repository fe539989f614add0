/** More typing errors than this make it another word. */
const MAX_DISTANCE = 2;

/**
 * Command names that the words may have been meant for: those with the fewest typing errors, two
 * at most, and fewer in short names, where two would turn anything into anything.
 *
 * @param words what was typed; as many are compared as a name has
 * @param names of one or more words
 */
export function nearestNames(words: string[], names: Iterable<string>): string[] {
  let best = MAX_DISTANCE;
  let nearest: string[] = [];
  for (const name of names) {
    const typed = words.slice(0, name.split(" ").length).join(" ").toLowerCase();
    const distance = editDistance(typed, name);
    if (distance > Math.min(best, Math.floor(name.length / 2))) continue;
    if (distance < best) nearest = [];
    best = distance;
    nearest.push(name);
  }
  return nearest;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours from one text to the other (optimal
 * string alignment). Texts whose lengths differ too much are only said to be far.
 */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return Math.max(a.length, b.length);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
