import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { processorSeconds } from "../measure.ts";

/** A process of the bench, and the facts it told. */
export interface Actor {
  name: string;
  pid: number;
  facts: Record<string, unknown>[];
  ended: Promise<void>;
  stop(): Promise<void>;
}

export function startActor(name: string, program: string, args: string[]): Actor {
  const child: ChildProcess = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const facts: Record<string, unknown>[] = [];
  if (child.stdout === null || child.pid === undefined) throw new Error(`cannot start ${name}`);
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) facts.push(JSON.parse(line) as Record<string, unknown>);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("exit", (status, signal) => {
      if (status === 0 || signal === "SIGTERM") resolve();
      else reject(new Error(`${name} ended with ${status ?? signal}`));
    });
  });
  ended.catch(() => undefined);
  return {
    name,
    pid: child.pid,
    facts,
    ended,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** The postmaster of an embedded cluster below a data directory. */
export function postmaster(directory: string): number {
  const file = join(directory, "cluster", "postmaster.pid");
  return Number(readFileSync(file, "utf8").split("\n")[0]);
}

/** Processor seconds of each by name; children count with their parents, but for the server's. */
export function processorTimes(pids: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, processorSeconds(pid)]),
  );
}

/** Resident memory in MB (10^6 bytes); of processes that share memory, their share of it. */
export function residentMegabytes(pid: number, withChildren = false): number {
  const pids = withChildren ? [pid, ...childrenOf(pid)] : [pid];
  let kilobytes = 0;
  for (const one of pids) {
    try {
      const text = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return (kilobytes * 1024) / 1e6;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number),
  );
}

/** Resolves once somebody listens there. */
export async function listening(endpoint: string): Promise<void> {
  const { hostname, port } = new URL(endpoint.replace("tcp:", "http:"));
  for (;;) {
    const open = await new Promise<boolean>((answer) => {
      const socket = connect(Number(port), hostname, () => {
        socket.destroy();
        answer(true);
      });
      socket.once("error", () => answer(false));
    });
    if (open) return;
    await sleep(50);
  }
}

/** Ports that nobody uses. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((open) => server.once("listening", open))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
