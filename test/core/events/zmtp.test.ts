import test from "ava";
import {
  createFrameReader,
  type Frame,
  frameBytes,
  type Greeting,
  greetingOf,
  metadataBytes,
  readMetadata,
} from "../../../core/events/zmtp.ts";

function readAll(bytes: Buffer, step: number, longest = 100_000): (Greeting | Frame)[] {
  const reader = createFrameReader(() => longest);
  const found: (Greeting | Frame)[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    found.push(...reader.read(bytes.subarray(at, at + step)));
  }
  return found;
}

test("frames are the same however TCP cuts them", (t) => {
  const long = Buffer.alloc(70_000, "x");
  const bytes = Buffer.concat([
    greetingOf("CURVE"),
    frameBytes(Buffer.from("hello"), "command"),
    frameBytes(Buffer.alloc(0), "message"),
    frameBytes(Buffer.alloc(255, "s"), "message"),
    frameBytes(Buffer.alloc(256, "l"), "message"),
    frameBytes(long, "message"),
  ]);
  const expected = [
    { major: 3, mechanism: "CURVE" },
    { command: true, more: false, body: Buffer.from("hello") },
    { command: false, more: false, body: Buffer.alloc(0) },
    { command: false, more: false, body: Buffer.alloc(255, "s") },
    { command: false, more: false, body: Buffer.alloc(256, "l") },
    { command: false, more: false, body: long },
  ];
  for (const step of [1, 2, 7, 63, 64, 65, 1_000, bytes.length]) {
    t.deepEqual(readAll(bytes, step), expected, `in pieces of ${step}`);
  }
});

test("a frame that is too long is refused before it is there", (t) => {
  const head = Buffer.from([0b010, 0, 0, 0, 0, 0x7f, 0, 0, 0]);
  t.throws(() => readAll(Buffer.concat([greetingOf("CURVE"), head]), 1), { message: /too long/ });
});

test("what is no ZMTP is refused", (t) => {
  t.throws(() => readAll(Buffer.from(`GET / HTTP/1.1\r\n${" ".repeat(60)}`), 80));
  t.throws(() => readAll(Buffer.concat([greetingOf("CURVE"), Buffer.from([0xf0, 1, 1])]), 80));
});

test("metadata is read as it is written, names in any case, and not beyond its end", (t) => {
  const bytes = metadataBytes({ "Socket-Type": "REQ", Identity: "" });
  t.deepEqual(
    readMetadata(bytes),
    new Map([
      ["socket-type", "REQ"],
      ["identity", ""],
    ]),
  );
  for (let end = 1; end < bytes.length; end += 1) {
    // The one place where it could end, and does not.
    if (end === 19) continue;
    t.throws(() => readMetadata(bytes.subarray(0, end)), undefined, `${end} bytes`);
  }
});
