const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * RFC 4648 section 6, in lower case and without padding: for places that do not keep the case of
 * letters, such as the local part of an address on its way through mail servers.
 */
export function base32(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

/** The bytes of such a text in either case, or undefined when it is none. */
export function fromBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text.toLowerCase()) {
    const five = ALPHABET.indexOf(character);
    if (five < 0) return undefined;
    value = (value << 5) | five;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(value >>> bits);
    value &= (1 << bits) - 1;
  }
  // Left-over bits that are not zero would let several texts mean the same bytes.
  return value === 0 ? Buffer.from(bytes) : undefined;
}
