/** A frame of ZMTP: part of a message, or a command. */
export interface Frame {
  command: boolean;
  /** The message goes on in the next frame. */
  more: boolean;
  body: Buffer;
}

/** What a peer sends first. */
export interface Greeting {
  major: number;
  /** Security mechanism: NULL, PLAIN, CURVE. */
  mechanism: string;
}

const GREETING_BYTES = 64;
const SIGNATURE = Buffer.from("ff00000000000000017f", "hex");
const MORE = 0b001;
const LONG = 0b010;
const COMMAND = 0b100;

/** The greeting of a server that speaks ZMTP 3.1 (ZeroMQ RFC 37). */
export function greetingOf(mechanism: string): Buffer {
  const greeting = Buffer.alloc(GREETING_BYTES);
  SIGNATURE.copy(greeting);
  greeting[10] = 3;
  greeting[11] = 1;
  greeting.write(mechanism, 12, "latin1");
  // As a server.
  greeting[32] = 1;
  return greeting;
}

/** Bytes of a frame as it goes over the wire. */
export function frameBytes(body: Buffer, kind: "command" | "message"): Buffer {
  const flags = kind === "command" ? COMMAND : 0;
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

/** Cuts what arrives into the greeting and the frames behind it. */
export interface FrameReader {
  /**
   * Takes in bytes and gives what is whole with them.
   *
   * @throws Error when they are no ZMTP, or a frame is longer than allowed
   */
  read(bytes: Buffer): Generator<Greeting | Frame>;
}

/** @param longest the most bytes of a frame, asked for each, so that it may change */
export function createFrameReader(longest: () => number): FrameReader {
  let held: Buffer[] = [];
  let length = 0;
  let wanted = GREETING_BYTES;
  let greeted = false;
  return {
    *read(bytes) {
      held.push(bytes);
      length += bytes.length;
      // Long frames come in many pieces, which are put together once.
      while (length >= wanted) {
        const whole = held.length === 1 ? (held[0] ?? bytes) : Buffer.concat(held);
        const found = greeted ? frameSize(whole, longest()) : GREETING_BYTES;
        if (length >= found) {
          held = [whole.subarray(found)];
          length -= found;
          yield greeted ? readFrame(whole.subarray(0, found)) : readGreeting(whole);
          greeted = true;
          wanted = 2;
        } else {
          held = [whole];
          wanted = found;
        }
      }
    },
  };
}

/** Bytes of the first frame with its head, or of its head as long as that is not there. */
function frameSize(bytes: Buffer, longest: number): number {
  const flags = bytes[0] ?? 0;
  if ((flags & ~(MORE | LONG | COMMAND)) !== 0) throw new Error("no frame of ZMTP");
  if ((flags & LONG) === 0) return 2 + (bytes[1] ?? 0);
  if (bytes.length < 9) return 9;
  const size = bytes.readBigUInt64BE(1);
  if (size > BigInt(longest)) throw new Error("a frame is too long");
  return 9 + Number(size);
}

function readFrame(bytes: Buffer): Frame {
  const flags = bytes[0] ?? 0;
  return {
    command: (flags & COMMAND) !== 0,
    more: (flags & MORE) !== 0,
    body: bytes.subarray((flags & LONG) === 0 ? 2 : 9),
  };
}

function readGreeting(bytes: Buffer): Greeting {
  if (bytes[0] !== SIGNATURE[0] || bytes[9] !== SIGNATURE[9]) throw new Error("no ZMTP");
  const mechanism = bytes.toString("latin1", 12, 32).replace(/\0+$/, "");
  return { major: bytes[10] ?? 0, mechanism };
}

/** Name and value of each property that a peer tells of itself (RFC 37, metadata). */
export function readMetadata(bytes: Buffer): Map<string, string> {
  const properties = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    if (nameEnd + 4 > bytes.length) throw new Error("metadata ends too soon");
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    if (valueEnd > bytes.length) throw new Error("metadata ends too soon");
    const name = bytes.toString("latin1", at + 1, nameEnd).toLowerCase();
    properties.set(name, bytes.toString("latin1", nameEnd + 4, valueEnd));
    at = valueEnd;
  }
  return properties;
}

export function metadataBytes(properties: Record<string, string>): Buffer {
  const parts = Object.entries(properties).flatMap(([name, value]) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(value.length);
    return [Buffer.from([name.length]), Buffer.from(name), size, Buffer.from(value)];
  });
  return Buffer.concat(parts);
}
