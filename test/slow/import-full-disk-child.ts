import { spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AMD64, binary, index, tinyArchive } from "../support/archive.ts";

/**
 * Imports into a data directory on a small disk: once, again after the disk was filled, and again
 * when there is room. Prints as JSON what each command said. Started by import-full-disk.test.ts.
 */
const [disk = ""] = process.argv.slice(2);
const PACKAGES = 20_000;
/** Enough for what is written besides, too little for the rows. */
const LEFT = 3_000_000;

function packages(version: string): string {
  const names = Array.from({ length: PACKAGES }, (_, n) => `package${n}`);
  return index(...names.map((name) => binary(name, version)));
}

function lk(...words: string[]): { status: number | null; out: string; err: string } {
  const data = ["--data", join(disk, "data"), "--json"];
  const ended = spawnSync(process.execPath, [resolve("dist/lk.js"), ...data, ...words], {
    encoding: "utf8",
  });
  return { status: ended.status, out: ended.stdout, err: ended.stderr };
}

function fill(file: string): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - LEFT)));
}

const archive = await tinyArchive({ indices: { [AMD64]: packages("1.0") } });
try {
  const { name } = archive.content;
  const description = join(archive.folder, "distro.toml");
  writeFileSync(
    description,
    `[[repository]]\nname = "tiny"\nurl = "${archive.url}"\nkeyring = "${archive.key.keyring}"\n` +
      `[[repository.suite]]\nname = "${name}"\ncomponents = ["main"]\narchitectures = ["amd64"]\n` +
      "sources = false\n",
  );
  const steps = [lk("distro", "apply", description), lk("import", name)];
  await archive.publish({ indices: { [AMD64]: packages("2.0") } });
  const ballast = join(disk, "ballast");
  fill(ballast);
  steps.push(lk("import", name), lk("show", "package7"));
  rmSync(ballast);
  steps.push(lk("import", name), lk("show", "package7"));
  process.stdout.write(JSON.stringify(steps));
} finally {
  await archive.remove();
}
