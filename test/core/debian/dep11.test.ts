import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import test from "ava";
import {
  type Dep11Component,
  type Dep11Header,
  parseDep11Component,
  parseDep11Header,
} from "../../../core/debian/dep11.ts";
import { type YamlDocument, yamlDocuments } from "../../../core/debian/yaml-documents.ts";

/** Header and three components of bookworm as they are published. */
const REAL = readFileSync("test/fixtures/archive/bookworm-Components.yml");
const HEADER: Dep11Header = {
  version: "0.16",
  origin: "tiny",
  mediaBaseUrl: "https://media.example.org",
  time: undefined,
};

async function documentsOf(text: string | Buffer, size = 1 << 20): Promise<YamlDocument[]> {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  const documents: YamlDocument[] = [];
  for await (const one of yamlDocuments("tiny.yml", Readable.from(chunks))) documents.push(one);
  return documents;
}

function component(text: string): Dep11Component {
  return parseDep11Component({ bytes: Buffer.from(text), line: 10 }, "tiny.yml", HEADER);
}

test("a stream is split at its marks, wherever the chunks end", async (t) => {
  const whole = await documentsOf(REAL);
  t.is(whole.length, 4);
  const lines = REAL.toString("utf8").split("\n");
  for (const { line, bytes } of whole) t.is(lines[line - 1], bytes.toString("utf8").split("\n")[0]);
  for (const size of [1, 2, 3, 7, 64, 1000]) {
    const pieces = await documentsOf(REAL, size);
    t.deepEqual(
      pieces.map(({ line, bytes }) => [line, bytes.toString("utf8")]),
      whole.map(({ line, bytes }) => [line, bytes.toString("utf8")]),
    );
  }
});

test("marks with blanks count, longer lines and indented ones do not", async (t) => {
  const documents = await documentsOf("---\r\na: 1\n--- \nb: |\n  ---\n----\n---\n---\n");
  t.deepEqual(
    documents.map(({ line, bytes }) => [line, bytes.toString("utf8")]),
    [
      [2, "a: 1\n"],
      [4, "b: |\n  ---\n----\n"],
    ],
  );
});

test("a document larger than any real one is refused before it fills the memory", async (t) => {
  await t.throwsAsync(documentsOf(`---\na: ${"x".repeat(9 << 20)}`), {
    code: "MALFORMED_YAML",
  } as never);
});

test("real components are read with texts, icons and pictures in full", async (t) => {
  const [first, ...rest] = await documentsOf(REAL);
  const header = parseDep11Header(first ?? { bytes: Buffer.alloc(0), line: 1 }, "real.yml");
  t.is(header.origin, "debian-bookworm-contrib");
  const [gemrb, scite] = rest.map((one) => parseDep11Component(one, "real.yml", header));
  t.like(gemrb, {
    id: "org.gemrb.gemrb",
    type: "desktop-application",
    package: "gemrb",
    name: { C: "GemRB" },
    license: "GPL-2.0-or-later",
    categories: ["Game", "RolePlaying", "Emulator"],
  });
  t.deepEqual(gemrb?.icons.cached[1], { name: "gemrb_gemrb.png", width: 64, height: 64, scale: 1 });
  t.is(
    gemrb?.screenshots[0]?.source?.url,
    "https://appstream.debian.org/media/bookworm/org/gemrb/gemrb/5668d2b7c9f90c5b368396a285020e39/screenshots/image-1_orig.png",
  );
  t.deepEqual(
    gemrb?.screenshots.map((shot) => [shot.default, shot.thumbnails.length]),
    [
      [true, 3],
      [false, 3],
    ],
  );
  t.is(scite?.name["de"], "SciTE-Textbearbeitung");
});

test("names that YAML would take for numbers or truths stay text", (t) => {
  const { name, categories } = component(
    "Type: x\nID: 2048\nName:\n  C: 2048\n  no: yes\nCategories: [on, 1.10]",
  );
  t.deepEqual(name, { C: "2048", no: "yes" });
  t.deepEqual(categories, ["on", "1.10"]);
});

test("a broken icon or picture is left out, and a name is no way out of a folder", (t) => {
  const one = component(`Type: x
ID: a.b
Name: {C: a}
Icon:
  cached: [{name: ../../etc/passwd, width: 64, height: 64}, {name: ok.png, width: 64, height: 64}]
  remote: [{url: "javascript:alert(1)"}, {url: "http://x.example/i.png", width: 1, height: many}]
Screenshots: [{source-image: {url: "http://[bad"}}, nothing]
Url: [not, a, map]
`);
  t.deepEqual(
    one.icons.cached.map((icon) => icon.name),
    ["ok.png"],
  );
  t.deepEqual(
    one.icons.remote.map((icon) => [icon.url, icon.height]),
    [
      ["https://media.example.org/javascript:alert(1)", undefined],
      ["http://x.example/i.png", undefined],
    ],
  );
  t.deepEqual(
    one.screenshots.map((shot) => shot.source),
    [undefined],
  );
  t.is(one.homepage, undefined);
});

for (const [what, text, code, line] of [
  ["no mapping", "- a\n", "MALFORMED_DEP11", 10],
  ["no ID", "Type: x\nName: {C: a}\n", "MALFORMED_DEP11", 10],
  ["a name without locale", "Type: x\nID: a\nName: a\n", "MALFORMED_DEP11", 10],
  ["broken YAML", "Type: x\nID: [a\nName: b\n", "MALFORMED_YAML", 12],
  ["a field twice", "Type: x\nID: a\nID: b\n", "MALFORMED_YAML", 12],
  ["a NUL", "Type: x\0\nID: a\n", "MALFORMED_YAML", 10],
  [
    "a few aliases that mean millions",
    `a: &a [${"x,".repeat(99)}x]\nb: &b [${"*a,".repeat(99)}*a]\nType: [${"*b,".repeat(99)}*b]\n`,
    "MALFORMED_YAML",
    10,
  ],
] as const) {
  test(`a component with ${what} is refused with file and line`, (t) => {
    const error = t.throws(() => component(text), { code } as never);
    t.true(error?.message.startsWith(`tiny.yml, line ${line}: `), error?.message);
  });
}

test("a header must say that it is one", (t) => {
  const document = { bytes: Buffer.from("File: other\nVersion: '1'\n"), line: 2 };
  t.throws(() => parseDep11Header(document, "tiny.yml"), { code: "MALFORMED_DEP11" } as never);
});
