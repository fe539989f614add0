import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { type Measured, measure, processorSeconds } from "../measure.ts";
import { type Line, machineLine, median, printTable, ratio, seconds } from "../report.ts";
import {
  type BenchArchive,
  changedArchive,
  countStanzas,
  describeArchive,
  originalArchive,
  PACKAGES,
  SOURCES,
  SUITE,
} from "./archive.ts";

const PERCENT = 100;

/** What a measurement took, the database server's part too. */
interface Taken extends Measured {
  server: number;
}

/**
 * Imports bookworm main (amd64, all, sources) from .xz into the embedded PostgreSQL with its
 * default durability, and runs the peers over the same files.
 */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mirror: { type: "string" },
      runs: { type: "string", default: "3" },
      markdown: { type: "boolean", default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-import-"));
  try {
    const stage = await prepare(folder, values.mirror);
    const lines = await tableOf(stage, Number(values.runs));
    process.stdout.write(
      `${machineLine()}; ${stage.stanzas} packages; medians of ${values.runs}\n`,
    );
    printTable("Import of bookworm main", lines, values.markdown);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Stage {
  folder: string;
  original: BenchArchive;
  changed: { share: number; archive: BenchArchive }[];
  stanzas: number;
}

async function prepare(folder: string, mirror: string | undefined): Promise<Stage> {
  const original = await originalArchive(join(folder, "original"), mirror);
  const changed = [];
  for (const share of [0.01, 0.1]) {
    const place = join(folder, `changed-${share}`);
    mkdirSync(place);
    changed.push({ share, archive: await changedArchive(original, place, share) });
  }
  const stanzas = countStanzas(original, PACKAGES) + countStanzas(original, SOURCES);
  return { folder, original, changed, stanzas };
}

async function tableOf(stage: Stage, runs: number): Promise<Line[]> {
  const lines: Line[] = [];
  const python = await repeat(runs, () => pythonCopy(stage));
  const line = (what: string, taken: Taken): void => {
    lines.push({
      what,
      wall: seconds(taken.wall),
      CPU: seconds(taken.cpu),
      "CPU of the server": taken.server === 0 ? "" : seconds(taken.server),
      memory: `${Math.round(taken.memory)} MB`,
      "to Python + COPY": ratio(taken.wall, python.wall),
    });
  };
  line("xz -dc, both indices", await repeat(runs, () => unpack(stage)));
  line("Python + libapt + COPY", python);
  const own = await repeatCases(runs, () => ourCases(stage));
  for (const [what, taken] of own) line(`lk import, ${what}`, taken);
  return lines;
}

async function repeat(runs: number, once: () => Promise<Taken>): Promise<Taken> {
  const all: Taken[] = [];
  for (let run = 0; run < runs; run++) all.push(await once());
  return middle(all);
}

async function repeatCases(
  runs: number,
  once: () => Promise<Map<string, Taken>>,
): Promise<Map<string, Taken>> {
  const all: Map<string, Taken>[] = [];
  for (let run = 0; run < runs; run++) all.push(await once());
  const names = [...(all[0]?.keys() ?? [])];
  return new Map(names.map((name) => [name, middle(all.flatMap((one) => one.get(name) ?? []))]));
}

function middle(all: Taken[]): Taken {
  const of = (figure: (taken: Taken) => number): number => median(all.map(figure));
  return {
    wall: of((one) => one.wall),
    cpu: of((one) => one.cpu),
    memory: of((one) => one.memory),
    server: of((one) => one.server),
    stdout: "",
  };
}

async function unpack({ original }: Stage): Promise<Taken> {
  const files = [SOURCES, PACKAGES].map((path) =>
    join(original.folder, "dists", SUITE, `${path}.xz`),
  );
  return { ...(await measure({ program: "xz", args: ["-dc", ...files] })), server: 0 };
}

async function pythonCopy({ folder, original, stanzas }: Stage): Promise<Taken> {
  return withServer(join(folder, "python"), async (server) => {
    const script = resolve("bench/import/copy.py");
    const suite = join(original.folder, "dists", SUITE);
    const taken = await server.measure("/usr/bin/python3", [script, suite, server.libpq]);
    if (Number(taken.stdout) !== stanzas) throw new Error(`Python loaded ${taken.stdout} packages`);
    return taken;
  });
}

async function ourCases({
  folder,
  original,
  changed,
  stanzas,
}: Stage): Promise<Map<string, Taken>> {
  const data = join(folder, "data");
  const cases = new Map<string, Taken>();
  await withServer(join(data, "postgres"), async (server) => {
    const lk = (...args: string[]): Promise<Taken> =>
      server.measure(process.execPath, [resolve("dist/lk.js"), "--data", data, ...args]);
    const description = join(folder, "distro.toml");
    const use = async (archive: BenchArchive): Promise<void> => {
      await describeArchive(archive, description);
      await lk("distro", "apply", description);
    };
    await use(original);
    cases.set("first", await lk("import", SUITE));
    const [row] = await server.query(
      "select (select count(*) from source_package) + (select count(*) from binary_package) as n",
    );
    if (Number(row?.["n"]) !== stanzas) throw new Error(`we stored ${Number(row?.["n"])} packages`);
    cases.set("nothing changed", await lk("import", SUITE));
    cases.set("all read again, nothing changed", await lk("import", SUITE, "--force"));
    for (const { share, archive } of changed) {
      await use(archive);
      cases.set(`${share * PERCENT} % changed`, await lk("import", SUITE, "--force"));
      await use(original);
      await lk("import", SUITE, "--force");
    }
    cases.set("start-up alone", await lk("version"));
  });
  return cases;
}

/** A running server and what was asked of it. */
interface Server {
  libpq: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  measure(program: string, args: string[]): Promise<Taken>;
}

/** Gives work an embedded server of its own, in a new folder. */
async function withServer<Result>(
  directory: string,
  work: (server: Server) => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const server = await joinEmbeddedServer({ directory });
  const { socketDirectory = "", user = "", database = "" } = server.address;
  const postmaster = Number(
    readFileSync(join(directory, "cluster", "postmaster.pid"), "utf8").split("\n")[0],
  );
  const client = new pg.Client({ host: socketDirectory, user, database });
  try {
    await client.connect();
    return await work({
      libpq: `host=${socketDirectory} user=${user} dbname=${database}`,
      query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
      async measure(program, args) {
        const before = processorSeconds(postmaster);
        const taken = await measure({ program, args });
        return { ...taken, server: processorSeconds(postmaster) - before };
      },
    });
  } finally {
    await client.end();
    server.release();
    await gone(postmaster);
    rmSync(directory, { recursive: true });
  }
}

async function gone(pid: number): Promise<void> {
  while (spawnSync("kill", ["-0", String(pid)]).status === 0) {
    await new Promise((done) => setTimeout(done, 50));
  }
}
