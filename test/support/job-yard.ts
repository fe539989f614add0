import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadSettings } from "../../core/config.ts";
import { type OpenDatabase, openDatabase } from "../../core/database/open.ts";
import { readKeyFile } from "../../core/events/key-file.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { addJobs, type NewJob } from "../../core/model/job-store.ts";
import type { FarmOrder, FarmReport } from "./job-farm.ts";
import { trustedSparkKey } from "./spark.ts";
import { freePorts } from "./system.ts";

/** A Lighthouse that runs as its own process, its database, and farms of simulated workers. */
export interface JobYard {
  database: OpenDatabase["database"];
  dataDirectory: string;
  /** Starts `lk lighthouse` and waits until it is ready. */
  lighthouse(): Promise<ChildProcess>;
  /** Makes and trusts keys for workers. */
  hire(count: number, architectures: (place: number) => string[]): FarmOrder["workers"];
  farm(order: Omit<FarmOrder, "endpoint" | "serverKey">): {
    process: ChildProcess;
    report: Promise<FarmReport>;
  };
  remove(): Promise<void>;
}

export async function createJobYard(): Promise<JobYard> {
  const directory = mkdtempSync(join(tmpdir(), "lk-yard-"));
  const [submit, publish, replay, jobs] = await freePorts(4);
  const file = join(directory, "config.toml");
  const at = (port = 0): string => `"tcp://127.0.0.1:${port}"`;
  writeFileSync(
    file,
    `demo = false\n[log]\nlevel = "warn"\n[lighthouse]\nsubmit = ${at(submit)}\npublish = ${at(publish)}\nreplay = ${at(replay)}\njobs = ${at(jobs)}\n`,
  );
  const dataDirectory = join(directory, "var");
  const open = await openDatabase(loadSettings({ file, dataDirectory }));
  const keyring = new Keyring(join(dataDirectory, "keys"), { recheckMilliseconds: 0 });
  keyring.ensureOwnKey("general");
  keyring.ensureOwnKey("lighthouse");
  const { curve } = readKeyFile(
    join(dataDirectory, "keys", "secret", `${hostname()}-lighthouse_private.sec`),
  );
  const children: ChildProcess[] = [];
  function start(args: string[]): ChildProcess {
    const child = spawn(process.execPath, ["--enable-source-maps", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }
  return {
    database: open.database,
    dataDirectory,
    async lighthouse() {
      const words = ["--config", file, "--data", dataDirectory, "lighthouse"];
      const child = start([resolve("dist/lk.js"), ...words]);
      for await (const chunk of child.stdout ?? []) if (/^ready /m.test(String(chunk))) break;
      return child;
    },
    hire: (count, architectures) =>
      Array.from({ length: count }, (_, place) => {
        const name = `farm${place}`;
        const key = trustedSparkKey(keyring, `${name}-spark`);
        return { name, key, architectures: architectures(place) };
      }),
    farm(order) {
      const path = join(directory, "order.json");
      const whole = { endpoint: `tcp://127.0.0.1:${jobs}`, serverKey: curve?.publicKey, ...order };
      writeFileSync(path, JSON.stringify(whole));
      const child = start([resolve("dist/test/support/job-farm.js"), path]);
      return { process: child, report: readReport(child) };
    },
    async remove() {
      for (const child of children) child.kill("SIGKILL");
      await open.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function readReport(child: ChildProcess): Promise<FarmReport> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return JSON.parse(text) as FarmReport;
}

/**
 * Fills the queue as an archive rebuild would: mostly amd64 and arm64, some arch:all, a few for
 * any architecture, five priorities.
 */
export async function fillQueue(count: number): Promise<void> {
  const step = 5_000;
  for (let first = 0; first < count; first += step) {
    const length = Math.min(step, count - first);
    await addJobs(Array.from({ length }, (_, place) => simulatedJob(first + place)));
  }
}

/** A job of that queue. */
export function simulatedJob(number: number): NewJob {
  const package_name = `package${number % 30_000}`;
  const dsc = `pool/main/p/${package_name}/${package_name}_1.0-${number}.dsc`;
  const architectures = ["amd64", "amd64", "arm64", "amd64", "arm64", "amd64", "all", "arm64"];
  return {
    module: "ariadne",
    kind: "package-build",
    version: `1.0-${number}`,
    architecture: number % 50 === 0 ? "any" : (architectures[number % 8] ?? "any"),
    repository: "master",
    suite: "landing",
    data: {
      package_name,
      package_version: `1.0-${number}`,
      maintainer: "Some Body <some.body@example.org>",
      suite: "landing",
      dsc_url: `https://repo.example.org/master/${dsc}`,
      sha256sum: "0123456789abcdef".repeat(4),
    },
    // Not in step with the architectures.
    priority: ((number * 7) % 5) - 2,
  };
}
