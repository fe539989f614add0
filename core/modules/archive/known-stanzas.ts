/** The stored stanzas of an index by their hashes; those that are found in it again are taken out. */
export interface KnownStanzas {
  /** How many are left. */
  size(): number;
  /** Takes a stanza out. @returns whether it was there */
  take(hash: string): boolean;
  /** Ids of those that nobody took. */
  left(): number[];
}

const ENTRY = 16;
const FREE = 0;

/**
 * A hash table over the entries as they came: a Map of so many strings takes several times the
 * memory, and suites are read side by side.
 *
 * @param entries for each stanza its hash (8 bytes, see `stanzaHash`) and its id (8 bytes, big
 *   endian, from 1 to 2^53); kept
 */
export function createKnownStanzas(entries: Buffer): KnownStanzas {
  const count = entries.length / ENTRY;
  const places = 2 ** Math.ceil(Math.log2(2 * count + 1));
  // The number of an entry, from 1; below zero once it was taken.
  const table = new Int32Array(places);
  let size = 0;

  /** The place of a hash, or the free one where it belongs. The hash is random: so is its place. */
  function placeOf(high: number, low: number): number {
    let place = low & (places - 1);
    for (;;) {
      const entry = Math.abs(table[place] ?? FREE);
      if (entry === FREE) return place;
      const at = (entry - 1) * ENTRY;
      if (entries.readInt32BE(at + 4) === low && entries.readInt32BE(at) === high) return place;
      place = (place + 1) & (places - 1);
    }
  }

  for (let entry = 1; entry <= count; entry++) {
    const at = (entry - 1) * ENTRY;
    table[placeOf(entries.readInt32BE(at), entries.readInt32BE(at + 4))] = entry;
    size++;
  }
  return {
    size: () => size,
    take(hash) {
      const place = placeOf(halfOf(hash, 0), halfOf(hash, 4));
      const entry = table[place] ?? FREE;
      if (entry <= FREE) return false;
      table[place] = -entry;
      size--;
      return true;
    },
    left: () =>
      Array.from(
        table.filter((entry) => entry > FREE),
        idOf,
      ),
  };

  function idOf(entry: number): number {
    const at = (entry - 1) * ENTRY + 8;
    return entries.readUInt32BE(at) * 2 ** 32 + entries.readUInt32BE(at + 4);
  }
}

function halfOf(hash: string, start: number): number {
  return (
    (hash.charCodeAt(start) << 24) |
    (hash.charCodeAt(start + 1) << 16) |
    (hash.charCodeAt(start + 2) << 8) |
    hash.charCodeAt(start + 3)
  );
}
