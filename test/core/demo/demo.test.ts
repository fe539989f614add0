import { mkdtempSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { parseStanzas } from "../../../core/debian/deb822.ts";
import { parseRelease } from "../../../core/debian/release.ts";
import { verifySigned } from "../../../core/debian/signature.ts";
import { createDemoArchive, publishDemoChange } from "../../../core/demo/demo.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-demo-"));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const SUITE = ["dists", "demo"];

test("the demo archive is signed by a key of its own, whose secret stays secret", async (t) => {
  const directory = join(folder, "new");
  const { distro, version } = await createDemoArchive(directory);
  t.is(version, "1.0");
  const [repository] = distro.repository;
  t.is(repository?.url, `file://${directory}`);
  const content = await readFile(join(directory, ...SUITE, "InRelease"));
  const { text } = await verifySigned({ name: "InRelease", content }, repository?.keyring ?? "");
  const release = parseRelease(text, "InRelease");
  t.deepEqual(release.architectures, ["amd64", "all"]);
  t.is((await stat(join(directory, "key", "secret.asc"))).mode & 0o777, 0o600);
});

test("a second start finds the archive as it was", async (t) => {
  const directory = join(folder, "again");
  await createDemoArchive(directory);
  const before = await readFile(join(directory, ...SUITE, "InRelease"), "utf8");
  t.is((await createDemoArchive(directory)).version, "1.0");
  t.is(await readFile(join(directory, ...SUITE, "InRelease"), "utf8"), before);
});

test("each published change is the next version of mini, source and binary", async (t) => {
  const directory = join(folder, "change");
  const first = await publishDemoChange(directory);
  t.is(first.before, "1.0");
  t.is((await publishDemoChange(directory)).archive.version, "1.2");
  for (const index of ["main/source/Sources", "main/binary-amd64/Packages"]) {
    const text = await readFile(join(directory, ...SUITE, index), "utf8");
    const stanzas = parseStanzas(text, index);
    const mini = stanzas.find((stanza) => stanza.get("package") === "mini");
    t.is(mini?.get("version"), "1.2");
    t.false(text.includes("mini_1.0"));
  }
});
