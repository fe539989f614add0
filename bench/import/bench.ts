import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Line, machineLine, median, printTable, ratio, seconds } from "../report.ts";
import type { Taken } from "../server.ts";
import { type OurCase, ourCases } from "./ours.ts";
import { aptly, type Peer, pythonCopy, reprepro, rowByRow, unpack } from "./peers.ts";
import { makeStage, type Stage } from "./stage.ts";

/**
 * What Laniakea's own importer took in 2021 for 66,660 packages of the same suite, on two quiet
 * cores: it needs an old stack around it, so the figure is quoted.
 */
const LANIAKEA_SECONDS_PER_PACKAGE = 61.9 / 66_660;
const MICRO = 1e6;

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
  const runs = Number(values.runs);
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-import-"));
  try {
    const stage = await makeStage(folder, values.mirror);
    const python = await middleOf(runs, () => pythonCopy.run(stage));
    const own = await repeatOwn(runs, stage);
    const others: Line[] = [];
    for (const peer of [unpack, reprepro, aptly, rowByRow]) {
      others.push(
        peerLine(
          peer,
          await middleOf(peer === unpack ? runs : 1, () => peer.run(stage)),
          stage,
          python,
        ),
      );
    }
    process.stdout.write(`${machineLine()}; ${stage.stanzas} packages; medians of ${runs}\n`);
    printTable(
      "First import and the peers",
      [
        firstLine(own[0], stage, python),
        peerLine(pythonCopy, python, stage, python),
        ...others,
        quotedLine(stage, python),
      ],
      values.markdown,
    );
    printTable("Imports", own.map(caseLine), values.markdown);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function firstLine(first: OurCase | undefined, stage: Stage, python: Taken | undefined): Line {
  return line("lk import, indexes in place", first?.taken, stage.stanzas, stage, python);
}

function peerLine(
  peer: Peer,
  taken: Taken | undefined,
  stage: Stage,
  python: Taken | undefined,
): Line {
  return line(peer.name, taken, peer.packages(stage), stage, python);
}

function line(
  what: string,
  taken: Taken | undefined,
  packages: number,
  stage: Stage,
  python: Taken | undefined,
): Line {
  if (taken === undefined) return { what, wall: "not installed" };
  // A part of the packages is taken for all of them.
  const wall = (taken.wall * stage.stanzas) / packages;
  return {
    what,
    wall: `${packages === stage.stanzas ? "" : "≈ "}${seconds(wall)}`,
    CPU: seconds(taken.cpu),
    "server's CPU": taken.server === 0 ? "" : seconds(taken.server),
    memory: `${Math.round(taken.memory)} MB`,
    "µs a package": ((taken.wall / packages) * MICRO).toFixed(0),
    "to Python": python === undefined ? "" : ratio(wall, python.wall),
  };
}

function quotedLine(stage: Stage, python: Taken | undefined): Line {
  const wall = LANIAKEA_SECONDS_PER_PACKAGE * stage.stanzas;
  return {
    what: "Laniakea 2021 (quoted)",
    wall: `≈ ${seconds(wall)}`,
    memory: "923 MB",
    "µs a package": (LANIAKEA_SECONDS_PER_PACKAGE * MICRO).toFixed(0),
    "to Python": python === undefined ? "" : ratio(wall, python.wall),
  };
}

function caseLine({ name, rows, taken, work }: OurCase): Line {
  return {
    what: name,
    wall: seconds(taken.wall),
    "the operation": seconds(work),
    CPU: seconds(taken.cpu),
    "server's CPU": seconds(taken.server),
    memory: `${Math.round(taken.memory)} MB`,
    "rows written": String(rows),
  };
}

async function repeatOwn(runs: number, stage: Stage): Promise<OurCase[]> {
  const all: OurCase[][] = [];
  for (let run = 0; run < runs; run++) all.push(await ourCases(stage));
  return (all[0] ?? []).map(({ name, rows }, place) => ({
    name,
    rows,
    work: median(all.flatMap((cases) => cases[place]?.work ?? [])),
    taken: middle(all.flatMap((cases) => cases[place]?.taken ?? [])),
  }));
}

async function middleOf(
  runs: number,
  once: () => Promise<Taken | undefined>,
): Promise<Taken | undefined> {
  const all: Taken[] = [];
  for (let run = 0; run < runs; run++) {
    const taken = await once();
    if (taken === undefined) return undefined;
    all.push(taken);
  }
  return middle(all);
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
