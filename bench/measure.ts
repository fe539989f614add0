import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a program took, its children included. */
export interface Measured {
  /** Seconds from start to end. */
  wall: number;
  /** Seconds of processor time, user and system. */
  cpu: number;
  /** Most memory that was resident at once in one process, in MB (10^6 bytes). */
  memory: number;
  stdout: string;
}

/** A program to measure. */
export interface Command {
  program: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
}

/**
 * Runs a program to its end under GNU time (Debian package `time`).
 *
 * @throws Error with the end of its standard error when it fails
 */
export async function measure(command: Command): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-"));
  const report = join(folder, "time");
  try {
    const stdout = await run({
      ...command,
      program: "/usr/bin/time",
      args: ["-o", report, "-f", "%e %U %S %M", command.program, ...command.args],
    });
    const [wall = 0, user = 0, system = 0, kilobytes = 0] = readFileSync(report, "utf8")
      .trim()
      .split(" ")
      .map(Number);
    return { wall, cpu: user + system, memory: (kilobytes * 1024) / 1e6, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program to its end and returns what it printed. @throws Error when it fails */
export function run({ program, args, cwd, env }: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (stderr = (stderr + text).slice(-2000)));
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`));
    });
  });
}

/** Clock ticks a second in /proc; 100 on every Linux that Debian builds. */
const TICKS = 100;

/**
 * Processor seconds of a process, of all its descendants, and of those that ended and were waited
 * for. Linux only.
 */
export function processorSeconds(pid: number): number {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
  let seconds = 0;
  const queue = [pid];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const parent = one;
    seconds += (all.find((stat) => stat.pid === parent)?.ticks ?? 0) / TICKS;
    queue.push(...all.filter((stat) => stat.parent === parent).map((stat) => stat.pid));
  }
  return seconds;
}

function statOf(pid: number): { pid: number; parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; what follows it is numbers (proc(5)).
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
