import { randomBytes } from "node:crypto";
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { encodeIndex } from "../../../../core/demo/archive.ts";
import { decompress, type Form } from "../../../../core/modules/archive/decompress.ts";

/** Half of it compressible, so that it spans several chunks either way. */
const CONTENT = Buffer.concat([randomBytes(400_000), Buffer.alloc(3_000_000, "Package: x\n")]);

async function encoded(form: Form): Promise<Buffer | undefined> {
  return encodeIndex(CONTENT, form === "" ? "plain" : form);
}

async function read(bytes: Buffer, form: Form, program?: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const compressed = await fileOf(bytes);
  try {
    const options = program === undefined ? {} : { program };
    for await (const chunk of decompress("Packages", compressed, form, options)) pieces.push(chunk);
    return Buffer.concat(pieces);
  } finally {
    await compressed.close();
  }
}

/** A file with this content, which has no name any more. */
async function fileOf(bytes: Buffer): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "lk-decompress-"));
  await writeFile(join(folder, "file"), bytes);
  const handle = await open(join(folder, "file"));
  await rm(folder, { recursive: true });
  return handle;
}

for (const [what, form, program] of [
  ["plain text", "", undefined],
  ["gzip", "gz", undefined],
  ["xz, by the program", "xz", "xz"],
  ["xz, without the program", "xz", "no-such-program"],
  ["bzip2, by the program", "bz2", "bzip2"],
  ["bzip2, without the program", "bz2", "no-such-program"],
] as const) {
  test(`${what} is read to its end`, async (t) => {
    const bytes = await encoded(form);
    if (bytes === undefined) {
      t.pass("the program is not installed");
      return;
    }
    t.true((await read(bytes, form, program)).equals(CONTENT));
  });

  if (form === "") continue;
  test(`${what} that is cut off or damaged is refused`, async (t) => {
    const bytes = await encoded(form);
    if (bytes === undefined) {
      t.pass("the program is not installed");
      return;
    }
    const expected = { code: "CORRUPT_INDEX", message: /^Packages cannot be decompressed: / };
    await t.throwsAsync(
      read(Buffer.from("this is not compressed at all"), form, program),
      expected,
    );
    const damaged = Buffer.from(bytes);
    damaged.fill(0x55, 200_000, 200_100);
    await t.throwsAsync(read(damaged, form, program), expected);
    if (form === "xz" && program === "no-such-program") return;
    await t.throwsAsync(read(bytes.subarray(0, bytes.length / 2), form, program), expected);
  });
}

test("what the library for xz does not notice of a cut is still not the whole", async (t) => {
  const bytes = await encoded("xz");
  if (bytes === undefined) {
    t.pass("the program is not installed");
    return;
  }
  const half = bytes.subarray(0, bytes.length / 2);
  const got = await read(half, "xz", "no-such-program").catch(() => Buffer.alloc(0));
  t.true(got.length < CONTENT.length);
});

test("a machine without xz reads .xz all the same", async (t) => {
  const bytes = await readFile("test/fixtures/archive/mini-Packages.xz");
  const expected = await readFile("test/fixtures/archive/mini-Packages");
  t.true((await read(bytes, "xz", "no-such-program")).equals(expected));
});

for (const [what, form, xz] of [
  ["gzip", "gz", undefined],
  ["xz, by the program", "xz", "xz"],
  ["xz, without the program", "xz", "no-such-xz"],
] as const) {
  test(`${what}: several streams one after the other are one file`, async (t) => {
    const bytes = await encoded(form);
    if (bytes === undefined) {
      t.pass("xz is not installed");
      return;
    }
    const both = await read(Buffer.concat([bytes, bytes]), form, xz);
    t.true(both.equals(Buffer.concat([CONTENT, CONTENT])));
  });

  test(`${what}: who has read enough of a file that unpacks to gigabytes stops it`, async (t) => {
    // A stream of zeros is a thousandth of what it unpacks to; 200 of them are a gigabyte.
    const zeros = await encodeIndex(Buffer.alloc(5_000_000), form);
    if (zeros === undefined) {
      t.pass("xz is not installed");
      return;
    }
    const bomb = await fileOf(Buffer.concat(Array.from({ length: 200 }, () => zeros)));
    let size = 0;
    const options = xz === undefined ? {} : { program: xz };
    for await (const chunk of decompress("Packages", bomb, form, options)) {
      size += chunk.length;
      if (size > 10_000_000) break;
    }
    // Still open, and nobody reads it any more.
    t.true((await bomb.stat()).size > 0);
    await bomb.close();
    t.true(size < 20_000_000, `${size} bytes`);
  });
}

test("a reading that is aborted ends with the reason", async (t) => {
  const bytes = await encoded("xz");
  if (bytes === undefined) {
    t.pass("xz is not installed");
    return;
  }
  const stop = new AbortController();
  const file = await fileOf(bytes);
  const reading = (async () => {
    for await (const chunk of decompress("Packages", file, "xz", { signal: stop.signal })) {
      if (chunk.length > 0) stop.abort(new Error("enough"));
    }
  })();
  await t.throwsAsync(reading, { message: "enough" });
  await file.close();
});
