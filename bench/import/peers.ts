import { spawnSync } from "node:child_process";
import { createReadStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { measure } from "../measure.ts";
import { type Taken, withServer } from "../server.ts";
import { PACKAGES, releaseText, SOURCES, SUITE } from "./archive.ts";
import type { Stage } from "./stage.ts";

/** Another program over the same files. */
export interface Peer {
  name: string;
  /** How many of the packages it took in; the others are extrapolated. */
  packages(stage: Stage): number;
  /** Undefined where it is not installed. */
  run(stage: Stage): Promise<Taken | undefined>;
}

const ORM_PACKAGES = 3_000;

export const unpack: Peer = {
  name: "xz -dc, both indices",
  packages: ({ stanzas }) => stanzas,
  async run({ original }) {
    const files = [SOURCES, PACKAGES].map((path) =>
      join(original.folder, "dists", SUITE, `${path}.xz`),
    );
    return { ...(await measure({ program: "xz", args: ["-dc", ...files] })), server: 0 };
  },
};

export const pythonCopy: Peer = {
  name: "Python, libapt, COPY",
  packages: ({ stanzas }) => stanzas,
  async run({ folder, original, stanzas }) {
    if (!works("/usr/bin/python3", ["-c", "import apt_pkg, psycopg2"])) return undefined;
    return withServer(join(folder, "python"), async (server) => {
      const script = resolve("bench/import/copy.py");
      const suite = join(original.folder, "dists", SUITE);
      const args = [script, suite, server.libpq];
      const taken = await server.measure({ program: "/usr/bin/python3", args });
      if (Number(taken.stdout) !== stanzas) throw new Error(`Python loaded ${taken.stdout}`);
      return taken;
    });
  },
};

/** Laniakea's pattern: one object and one INSERT a package. */
export const rowByRow: Peer = {
  name: "ORM (Sequelize), row by row",
  packages: () => ORM_PACKAGES,
  run: ({ folder, original }) =>
    withServer(join(folder, "orm"), (server) => {
      const file = join(original.folder, "dists", SUITE, `${PACKAGES}.xz`);
      const address = JSON.stringify(server.address);
      const args = [resolve("dist/bench/import/orm.js"), file, String(ORM_PACKAGES), address];
      return server.measure({ program: process.execPath, args });
    }),
};

/** Told to download no package, it still reads and keeps all of them. */
export const aptly: Peer = {
  name: "aptly mirror update, no files",
  packages: ({ stanzas }) => stanzas,
  async run({ folder, original }) {
    if (!works("aptly", ["version"])) return undefined;
    const root = join(folder, "aptly");
    mkdirSync(root);
    writeFileSync(join(root, "aptly.conf"), JSON.stringify({ rootDir: root }));
    // It reads file:// only as a copy of a mirror with Release beside InRelease.
    writeFileSync(join(original.folder, "dists", SUITE, "Release"), releaseText(original));
    const { server, url } = await serve(original.folder);
    const run = (...args: string[]): Promise<Taken> =>
      measure({
        program: "aptly",
        args: [`-config=${join(root, "aptly.conf")}`, ...args],
      }).then((measured) => ({ ...measured, server: 0 }));
    try {
      const filter = "-filter=Name (= none-of-them)";
      const options = ["-ignore-signatures", "-with-sources", "-architectures=amd64", filter];
      await run("mirror", "create", ...options, "bench", url, SUITE, "main");
      return await run("mirror", "update", "-ignore-signatures", "bench");
    } finally {
      server.close();
      rmSync(root, { recursive: true });
      rmSync(join(original.folder, "dists", SUITE, "Release"));
    }
  },
};

/** It takes in only with the files; `dumpupdate` reads the indices and says what it would do. */
export const reprepro: Peer = {
  name: "reprepro dumpupdate, nothing stored",
  packages: ({ stanzas }) => stanzas,
  async run({ folder, original }) {
    if (!works("reprepro", ["--version"])) return undefined;
    const root = join(folder, "reprepro");
    mkdirSync(join(root, "conf"), { recursive: true });
    const what = "Architectures: amd64 source\nComponents: main\n";
    writeFileSync(
      join(root, "conf", "distributions"),
      `Codename: ${SUITE}\n${what}Update: bench\n`,
    );
    writeFileSync(
      join(root, "conf", "updates"),
      `Name: bench\nMethod: file://${original.folder}\nSuite: ${SUITE}\n${what}` +
        "VerifyRelease: blindtrust\nGetInRelease: yes\nDownloadListsAs: .xz\n",
    );
    try {
      const args = ["-b", root, "--silent", "dumpupdate", SUITE];
      return { ...(await measure({ program: "reprepro", args })), server: 0 };
    } finally {
      rmSync(root, { recursive: true });
    }
  },
};

function works(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

async function serve(folder: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const file = createReadStream(join(folder, new URL(request.url ?? "", "http://x").pathname));
    file.once("error", () => response.writeHead(404).end());
    file.pipe(response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}
