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
const TAKEN = -1;

/**
 * A hash table in typed arrays: a Map of so many strings takes several times the memory, and
 * suites are read side by side.
 *
 * @param entries for each stanza its hash (8 bytes, see `stanzaHash`) and its id (8 bytes, big
 *   endian, from 1 to 2^53)
 */
export function createKnownStanzas(entries: Buffer): KnownStanzas {
  const count = entries.length / ENTRY;
  const places = 2 ** Math.ceil(Math.log2(2 * count + 1));
  const high = new Uint32Array(places);
  const low = new Uint32Array(places);
  const ids = new Float64Array(places);
  let size = 0;

  /** The place of a hash, or the free one where it belongs. The hash is random: so is its place. */
  function placeOf(highHalf: number, lowHalf: number): number {
    let place = lowHalf & (places - 1);
    while (ids[place] !== FREE && (high[place] !== highHalf || low[place] !== lowHalf)) {
      place = (place + 1) & (places - 1);
    }
    return place;
  }

  for (let at = 0; at < entries.length; at += ENTRY) {
    const highHalf = entries.readUInt32BE(at);
    const lowHalf = entries.readUInt32BE(at + 4);
    const place = placeOf(highHalf, lowHalf);
    high[place] = highHalf;
    low[place] = lowHalf;
    ids[place] = entries.readUInt32BE(at + 8) * 2 ** 32 + entries.readUInt32BE(at + 12);
    size++;
  }
  return {
    size: () => size,
    take(hash) {
      const place = placeOf(halfOf(hash, 0), halfOf(hash, 4));
      if ((ids[place] ?? FREE) <= FREE) return false;
      ids[place] = TAKEN;
      size--;
      return true;
    },
    left: () => Array.from(ids.filter((id) => id > FREE)),
  };
}

function halfOf(hash: string, start: number): number {
  let half = 0;
  for (let at = start; at < start + 4; at++) half = half * 256 + hash.charCodeAt(at);
  return half;
}
