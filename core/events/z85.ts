const ALPHABET =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Bytes as Z85 (ZeroMQ RFC 32), the spelling of CURVE keys. @param bytes a multiple of four */
export function z85(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const value = bytes.readUInt32BE(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) {
      text += ALPHABET.charAt(Math.floor(value / power) % 85);
    }
  }
  return text;
}

/** The bytes behind Z85. @throws Error for what is none */
export function fromZ85(text: string): Buffer {
  if (text.length % 5 !== 0) throw new Error("Z85 comes in fives");
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let value = 0;
    for (const character of text.slice(at, at + 5)) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) throw new Error("a character that Z85 does not have");
      value = value * 85 + digit;
    }
    bytes.writeUInt32BE(value, (at / 5) * 4);
  }
  return bytes;
}
