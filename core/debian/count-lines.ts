const NEWLINE = 0x0a;
const FOUR_NEWLINES = 0x0a0a0a0a;
const LOW_BITS = 0x7f7f7f7f;
/** So many ones fit into a byte. */
const BYTE = 0xff;

/**
 * Counts line feeds in parts of a buffer, four bytes at once: twice as fast as byte by byte, and
 * there is nothing native that does it.
 */
export function createLineCounter(bytes: Buffer): (start: number, end: number) => number {
  const { buffer, byteOffset } = bytes;
  const words = new Int32Array(buffer, 0, buffer.byteLength >> 2);

  function countBytes(start: number, end: number): number {
    let lines = 0;
    for (let at = start; at < end; at++) if (bytes[at] === NEWLINE) lines++;
    return lines;
  }

  return (start, end) => {
    const last = (byteOffset + end) >> 2;
    let word = Math.min((byteOffset + start + 3) >> 2, last);
    if (word === last) return countBytes(start, end);
    let lines = countBytes(start, word * 4 - byteOffset);
    while (word < last) {
      // A count in each of the four bytes.
      let counts = 0;
      for (const stop = Math.min(last, word + BYTE); word < stop; word++) {
        const rest = (words[word] ?? 0) ^ FOUR_NEWLINES;
        // Only a byte of zero keeps its high bit clear through this.
        counts += ~(((rest & LOW_BITS) + LOW_BITS) | rest | LOW_BITS) >>> 7;
      }
      lines +=
        (counts & BYTE) +
        ((counts >>> 8) & BYTE) +
        ((counts >>> 16) & BYTE) +
        ((counts >>> 24) & BYTE);
    }
    return lines + countBytes(last * 4 - byteOffset, end);
  };
}
