/**
 * The fields a reader wants, looked up by the bytes of their names without making strings: names
 * of fields are short and there are millions of them. Case does not matter (Policy 5.1).
 */
export interface FieldTable {
  /** As given; the place of a name in it is its slot. */
  readonly names: readonly string[];
  readonly slotOfBucket: Int16Array;
  readonly folded: readonly Uint8Array[];
}

const BUCKETS = 1024;

/** @param names at most a few hundred, all different */
export function fieldTable(names: readonly string[]): FieldTable {
  const slotOfBucket = new Int16Array(BUCKETS).fill(-1);
  const folded = names.map((name) => Uint8Array.from(Buffer.from(name, "latin1"), fold));
  folded.forEach((bytes, slot) => {
    let bucket = bucketOf(hashName(bytes, 0, bytes.length));
    while (slotOfBucket[bucket] !== -1) bucket = nextBucket(bucket);
    slotOfBucket[bucket] = slot;
  });
  return { names, slotOfBucket, folded };
}

/** The slot of the name at `start..end` of a buffer, whose `hashName` is `hash`, or -1. */
export function slotOf(
  table: FieldTable,
  buffer: Uint8Array,
  start: number,
  end: number,
  hash: number,
): number {
  let bucket = bucketOf(hash);
  for (;;) {
    const slot = table.slotOfBucket[bucket] ?? -1;
    if (slot === -1) return -1;
    const name = table.folded[slot];
    if (name !== undefined && sameName(name, 0, name.length, buffer, start, end)) return slot;
    bucket = nextBucket(bucket);
  }
}

/** True when two names are equal but for case. */
export function sameName(
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
): boolean {
  if (endA - startA !== endB - startB) return false;
  for (let offset = 0; offset < endA - startA; offset++) {
    if (fold(a[startA + offset] ?? 0) !== fold(b[startB + offset] ?? 0)) return false;
  }
  return true;
}

/** A number for the name, the same for every spelling of its case. */
export function hashName(buffer: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = addToHash(hash, buffer[at] ?? 0);
  return hash;
}

/** One step of `hashName`, for a reader that passes over the bytes anyway. */
export function addToHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + fold(byte)) | 0;
}

function fold(byte: number): number {
  return byte | 0x20;
}

function bucketOf(hash: number): number {
  return (hash ^ (hash >>> 10)) & (BUCKETS - 1);
}

function nextBucket(bucket: number): number {
  return (bucket + 1) & (BUCKETS - 1);
}
