import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { createStanzaScanner, parseStanzas } from "../../../core/debian/deb822.ts";
import { fieldTable } from "../../../core/debian/field-table.ts";
import { allFields, fieldText, lineOfSlot, requiredText } from "../../../core/debian/stanza.ts";
import { OperatorError } from "../../../core/errors.ts";

const PACKAGES = readFileSync("test/fixtures/archive/bookworm-Packages");
const SOURCES = readFileSync("test/fixtures/archive/bookworm-Sources");
const table = fieldTable(["Package", "Version", "Tag", "Description", "Files"]);

/** What the scanner makes of a text that comes in pieces of a given size. */
function scan(text: string | Buffer, pieces = 1 << 20): (string | undefined)[][] {
  const rows: (string | undefined)[][] = [];
  const scanner = createStanzaScanner("Packages", table, (stanza) => {
    rows.push([...table.names.map((_, slot) => fieldText(stanza, slot)), `${stanza.line}`]);
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieces) {
    scanner.write(Buffer.from(bytes.subarray(at, at + pieces)));
  }
  scanner.end();
  return rows;
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof OperatorError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return "no failure";
}

test("real stanzas give their fields, whatever the pieces they come in", (t) => {
  const whole = scan(PACKAGES);
  t.is(whole.length, 7);
  t.deepEqual(whole[0]?.slice(0, 2), ["0ad", "0.0.26-3"]);
  t.is(
    whole[0]?.[2],
    "game::strategy, interface::graphical, interface::x11, role::program,\n" +
      " uitoolkit::sdl, uitoolkit::wxwidgets, use::gameplaying,\n x11::application",
  );
  for (const pieces of [1, 2, 7, 64, 1000]) t.deepEqual(scan(PACKAGES, pieces), whole);
  t.is(scan(SOURCES).length, 4);
});

test("a value that begins on the next line keeps its lines", (t) => {
  const [row] = scan("Package: a\nFiles:\n aa 1 x\n bb 2 y\n");
  t.is(row?.[4], "\n aa 1 x\n bb 2 y");
});

test("the line of a stanza and of a field is known", (t) => {
  t.deepEqual(
    scan("\n\nPackage: a\nVersion: 1\n\n\n\nPackage: b\n\n").map((row) => row.at(-1)),
    ["3", "8"],
  );
  const scanner = createStanzaScanner("Packages", table, (stanza) => {
    t.is(lineOfSlot(stanza, 1), 4);
    t.is(lineOfSlot(stanza, 2), 1);
  });
  scanner.write(Buffer.from("Package: a\nX: y\n z\nVersion: 1\n\n"));
});

test("a file may end without a line end, and lines may end in CR LF", (t) => {
  t.deepEqual(scan("Package: a\r\nVersion: 1\r\n\r\nPackage: b"), [
    ["a", "1", undefined, undefined, undefined, "1"],
    ["b", undefined, undefined, undefined, undefined, "4"],
  ]);
  t.deepEqual(scan(""), []);
  t.deepEqual(scan("\n\n"), []);
});

test("names of fields are the same in any case", (t) => {
  t.deepEqual(scan("PACKAGE: a\nversion:1\n")[0]?.slice(0, 2), ["a", "1"]);
});

test("text beyond ASCII is UTF-8, and bytes that are none become U+FFFD", (t) => {
  const latin1 = Buffer.concat([Buffer.from("Package: a\nDescription: J"), Buffer.from([0xf6])]);
  t.is(scan("Package: a\nDescription: Jörg 日本\n")[0]?.[3], "Jörg 日本");
  t.is(scan(latin1)[0]?.[3], "J\ufffd");
});

for (const [name, text, message] of [
  ["a line that is no field", "Package: a\nnonsense\n\n", "line 2: this is neither a field"],
  ["a line without a name", "Package: a\n: b\n\n", "line 2: this is neither a field"],
  ["a comment", "# hello\nPackage: a\n\n", "line 1: this is neither a field"],
  ["a name with a space", "Package: a\nMy Field: b\n\n", "line 2: this is neither a field"],
  ["a name that is not ASCII", "Päckage: a\n\n", "line 1: this is neither a field"],
  ["binary rubbish", "\u0001\u0002\n\n", "line 1: this is neither a field"],
  ["a NUL byte", "Package: a\n\nPackage: b\nX: \u0000\n\n", "line 4: there is a NUL byte"],
  ["a continuation of nothing", "\n\n more\nPackage: a\n", "line 3: a continuation line stands"],
  ["a wanted field twice", "Package: a\n\nPackage: b\npackage: c\n", "line 4: the field package"],
  ["another field twice", "X-A: 1\nPackage: a\nx-a: 2\n\n", "line 3: the field x-a stands twice"],
] as const) {
  test(`${name} is refused with its line, whatever the pieces`, (t) => {
    for (const pieces of [1, 5, 4096]) {
      const said = failure(() => scan(text, pieces));
      t.true(said.startsWith(`MALFORMED_STANZA: Packages, ${message}`), said);
    }
  });
}

test("a stanza without end is refused instead of filling the memory", (t) => {
  const line = `Description: ${"x".repeat(1 << 20)}`;
  const scanner = createStanzaScanner("Packages", table, () => undefined);
  const said = failure(() => {
    for (let count = 0; count < 20; count++) scanner.write(Buffer.from(line));
  });
  t.regex(said, /larger than 16 MiB/);
});

test("a missing or empty field is named with the line", (t) => {
  function need(text: string): string {
    return failure(() => {
      const scanner = createStanzaScanner("Sources", table, (stanza) => requiredText(stanza, 1));
      scanner.write(Buffer.from(text));
      scanner.end();
    });
  }
  t.is(
    need("Package: ok\nVersion: 1\n\nPackage: a\n"),
    "MALFORMED_STANZA: Sources, line 4: the field Version is missing.",
  );
  t.is(
    need("Package: a\nVersion:\n"),
    "MALFORMED_STANZA: Sources, line 2: the field Version is empty.",
  );
});

test("a short text gives maps with names in lower case", (t) => {
  t.deepEqual(
    parseStanzas("Suite: demo\nX-Y: 1\n 2\n\nSuite: b\n", "Release").map((map) => [...map]),
    [
      [
        ["suite", "demo"],
        ["x-y", "1\n 2"],
      ],
      [["suite", "b"]],
    ],
  );
});

test("what is written as stanzas is read back", (t) => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
  const value = fc.stringMatching(/^[!-~]( ?[!-~ä]){0,10}$/);
  const stanza = fc
    .uniqueArray(fc.tuple(name, value), {
      minLength: 1,
      selector: ([field]) => field.toLowerCase(),
    })
    .map((fields) => new Map(fields.map(([field, text]) => [field.toLowerCase(), text])));
  fc.assert(
    fc.property(fc.array(stanza), (stanzas) => {
      const written = stanzas
        .map((fields) => [...fields].map(([field, text]) => `${field}: ${text}\n`).join(""))
        .join("\n");
      t.deepEqual(parseStanzas(written, "x"), stanzas);
    }),
  );
});

test("stanzas that are known are passed over, and lines are counted on", (t) => {
  const stanzas = ["Package: a\nVersion: 1\n", "Package: b\n x\n y\n", "Package: c\n", "d\n"];
  const text = Buffer.from(stanzas.join("\n"));
  for (let size = 1; size <= text.length; size++) {
    const seen: string[] = [];
    const asked: string[] = [];
    const scanner = createStanzaScanner(
      "file",
      fieldTable([]),
      (stanza) => seen.push(`${stanza.line} ${[...allFields(stanza).values()].join()}`),
      (buffer, start, end) => {
        const bytes = buffer.toString("latin1", start, end);
        asked.push(bytes);
        return bytes.startsWith("Package: b");
      },
    );
    const fault = t.throws(() => {
      for (let at = 0; at < text.length; at += size) scanner.write(text.subarray(at, at + size));
      scanner.end();
    });
    t.deepEqual(seen, ["1 a,1", "8 c"]);
    t.deepEqual([...new Set(asked)], stanzas);
    t.regex(fault?.message ?? "", /line 10:/);
  }
});
