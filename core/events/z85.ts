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
