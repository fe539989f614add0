/**
 * Makes frames out of good ones: bits flipped, bytes that are no UTF-8, members doubled, moved or
 * of wrong types, signatures of others, depth and numbers beyond reason, and some that only look
 * different. The same ones in every run.
 */
export function createMutator(wires: readonly string[]): () => Buffer {
  let seed = 20_261_122;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const cut = (text: string, by: string): string => {
    const at = random(text.length);
    return text.slice(0, at) + by + text.slice(at + random(4));
  };
  const member = (): string => pick(["tag", "uuid", "format", "time", "data", "signatures"]);
  const changes: ((wire: string) => string | Buffer)[] = [
    (wire) => flip(Buffer.from(wire)),
    (wire) => flip(flip(Buffer.from(wire))),
    (wire) => overwrite(Buffer.from(wire)),
    (wire) => cut(wire, ""),
    (wire) =>
      cut(wire, pick(['"', "{", "}", "[", "]", ",", ":", "\\", "\0", "NaN", "1e999", "-0"])),
    (wire) => cut(wire, pick(["\\ud800", "\\u0000", "\\x", "\u2028", "😀", "\ufeff"])),
    (wire) => wire.slice(0, random(wire.length)),
    (wire) => wire + pick([" ", "\n", "}", "{}", "\0", "\ufeff"]),
    (wire) => pick([" ", "\n", "\t", "\ufeff", "\u00a0"]) + wire,
    (wire) => `{"${member()}":${pick(ODD)},${wire.slice(1)}`,
    (wire) => wire.replace(/\}\s*$/, `,"${member()}":${pick(ODD)}}`),
    (wire) => wire.replace(/\}\s*$/, `,"unsigned":${pick(ODD)}}`),
    (wire) => wire.replace(new RegExp(`"${member()}":`), `"${member()}":`),
    (wire) => wire.replace(new RegExp(`("${member()}":\\s*)("[^"]*"|\\{)`), `$1${pick(ODD)}`),
    (wire) => wire.replace(/("data":\s*\{)/, `$1"deep":${nested(random(200) + 1)},`),
    (wire) => wire.replace(/\d+/g, (digits) => (random(8) === 0 ? pick(NUMBERS) : digits)),
    (wire) => wire.replaceAll(/,/g, pick([", ", ",\n", ",\r\n\t"])),
    (wire) => wire.replace("/", "\\/"),
    (wire) => wire.replace(/ed25519:0/g, pick(["ed25519:1", "ed25519", "ED25519:0"])),
    (wire) =>
      wire.replace(/archive-host|lighthouse-main/, pick(["archive-host", "lighthouse-main"])),
    (wire) =>
      wire.replace(/:0":\s*"([^"]*)"/, (all, text: string) => all.replace(text, respell(text))),
    (wire) => exchanged(wire, pick(wires)),
    () => pick(JUNK)(),
    (wire) => wire,
  ];
  const flip = (bytes: Buffer): Buffer => {
    const at = random(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random(8)), at);
    return bytes;
  };
  const overwrite = (bytes: Buffer): Buffer => {
    const at = random(bytes.length);
    bytes.fill(
      Buffer.from(pick(["ff", "c080", "eda080", "f4908080", "e28028", "00"]), "hex"),
      at,
      Math.min(at + 4, bytes.length),
    );
    return bytes;
  };
  const respell = (text: string): string =>
    pick([
      `${text}==`,
      text.replaceAll("+", "-").replaceAll("/", "_"),
      `${text.slice(0, -1)}B`,
      text.slice(1),
    ]);
  return () => Buffer.from(pick(changes)(pick(wires)));
}

const ODD = [
  "null",
  "true",
  "0",
  "1.0",
  "NaN",
  "-Infinity",
  '""',
  '"x"',
  "[]",
  "{}",
  '{"a":{}}',
  '["tag"]',
];
const NUMBERS = ["NaN", "Infinity", "1.0", "1e400", "01", "-0", "9".repeat(4_400), "1e-400"];
const JUNK: (() => string | Buffer)[] = [
  () => "[]",
  () => "null",
  () => '"tag"',
  () => "0",
  () => "{}",
  () => "[".repeat(10_000),
  () => nested(10_000),
  () => `{"data":${nested(5_000)}}`,
  () => '{"a":'.repeat(10_000),
  () => Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  () => "\0".repeat(100),
  () => " ".repeat(100_000),
  () => `{"signatures":{${'"a":1,'.repeat(5_000)}"a":1}}`,
];

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
}

/** The event of one with the signatures of another. */
function exchanged(wire: string, other: string): string {
  const signatures = /"signatures":\s*\{[^}]*\}\s*\}/;
  return wire.replace(signatures, signatures.exec(other)?.[0] ?? '"signatures":{}');
}
