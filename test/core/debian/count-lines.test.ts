import test from "ava";
import fc from "fast-check";
import { createLineCounter } from "../../../core/debian/count-lines.ts";

test("lines are counted as byte by byte, in any part of any buffer", (t) => {
  // Bytes next to a line feed, and those that differ from it in one bit.
  const byte = fc.constantFrom(0x0a, 0x0a, 0x0b, 0x09, 0x8a, 0x00, 0x4a, 0xff, 0x61);
  const bytes = fc.array(byte, { maxLength: 3_000, size: "max" });
  fc.assert(
    fc.property(bytes, fc.nat(7), fc.nat(40), fc.nat(40), (all, offset, cutStart, cutEnd) => {
      const memory = Buffer.alloc(offset + all.length + 5, 0x0a);
      memory.set(all, offset);
      const buffer = memory.subarray(offset, offset + all.length);
      const start = Math.min(cutStart, all.length);
      const end = Math.max(start, all.length - cutEnd);
      const expected = all.slice(start, end).filter((one) => one === 0x0a).length;
      t.is(createLineCounter(buffer)(start, end), expected);
    }),
  );
});
