import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { MADE_OF } from "../../core/cli/launch/places.ts";
import { readBundle } from "../../core/cli/launch/bundle.ts";
import { AMD64, binary, index, tinyArchive } from "../support/archive.ts";

/** The lk command as it is installed: out of the bundle of this tree, which is made anew. */
const BUNDLE = resolve("dist/lk.bundle");
const folder = mkdtempSync(join(tmpdir(), "lk-bundled-"));
test.after.always(() => rmSync(folder, { recursive: true }));

interface Ended {
  status: number;
  out: string;
  err: string;
}

async function run(program: string, words: string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, words, { cwd: folder });
    return { status: 0, out: stdout, err: stderr };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, err: stderr };
  }
}

const bundled = (...words: string[]): Promise<Ended> =>
  run(resolve("lk"), ["--data", folder, ...words]);
const asModules = (...words: string[]): Promise<Ended> =>
  run(process.execPath, [resolve("dist/lk.js"), "--data", folder, ...words]);

test.before(async (t) => {
  t.timeout(60_000);
  const made = await run(process.execPath, [resolve("dist/core/cli/launch/make-bundle.js")]);
  t.is(made.status, 0, made.err);
  t.not(readBundle(BUNDLE, MADE_OF), undefined);
});

test.serial("it answers what the modules answer", async (t) => {
  t.is((await bundled("manual")).out, readFileSync("docs/commands.md", "utf8"));
  const cases = [
    ["version"],
    ["--help"],
    ["help", "import"],
    ["job", "--help"],
    ["nonsense"],
    ["show"],
  ];
  for (const words of cases) t.deepEqual(await bundled(...words), await asModules(...words));
  t.is((await bundled("nonsense")).status, 2);
});

test.serial("it imports a signed archive into the embedded database", async (t) => {
  t.timeout(60_000);
  const archive = await tinyArchive({ indices: { [AMD64]: index(binary("one", "1.0-1")) } });
  const description = join(folder, "distro.toml");
  const { name } = archive.content;
  try {
    writeFileSync(
      description,
      `[[repository]]\nname = "tiny"\nurl = "${archive.url}"\nkeyring = "${archive.key.keyring}"\n` +
        `[[repository.suite]]\nname = "${name}"\ncomponents = ["main"]\narchitectures = ["amd64"]\n` +
        "sources = false\n",
    );
    t.deepEqual(await bundled("distro", "apply", description).then(({ err }) => err), "");
    const imported = await bundled("--json", "import", name);
    t.is(imported.err, "");
    t.like(JSON.parse(imported.out), [{ suite: name, binaries: 1, first: true }]);
    t.regex((await bundled("show", "one")).out, /1\.0-1/);
  } finally {
    await archive.remove();
  }
});
