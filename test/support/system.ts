import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** A whole Laniakea as an operator has it: a folder with a configuration, and the lk command. */
export interface System {
  directory: string;
  url: string;
  /** Where Lighthouse takes events. */
  submit: string;
  /** Runs one command to its end; answers with what it printed. */
  lk(...words: string[]): Promise<{ status: number; out: string; err: string }>;
  /** Starts `lk up` and waits until it is ready. */
  up(): Promise<Running>;
  remove(): void;
}

/** A running `lk up`. */
export interface Running {
  process: ChildProcess;
  /** Sends a signal and gives the exit status, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const LK = resolve("dist/lk.js");

/**
 * Makes a system on free ports.
 *
 * @param config TOML added to the configuration; its tables must not be web or lighthouse
 */
export async function createSystem(config: string): Promise<System> {
  const directory = mkdtempSync(join(tmpdir(), "lk-system-"));
  const [web = 0, submit = 0, publish = 0, jobs = 0, replay = 0] = await freePorts(5);
  const file = join(directory, "config.toml");
  writeFileSync(
    file,
    `demo = false\n${config}\n[web]\nlisten = "127.0.0.1:${web}"\n[lighthouse]\n` +
      `submit = "tcp://127.0.0.1:${submit}"\npublish = "tcp://127.0.0.1:${publish}"\n` +
      `jobs = "tcp://127.0.0.1:${jobs}"\nreplay = "tcp://127.0.0.1:${replay}"\n`,
  );
  const common = ["--enable-source-maps", LK, "--config", file, "--data", join(directory, "var")];
  return {
    directory,
    url: `http://127.0.0.1:${web}`,
    submit: `tcp://127.0.0.1:${submit}`,
    lk: (...words) => runToEnd([...common, ...words]),
    up: () => startUp([...common, "up"]),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function runToEnd(words: string[]): Promise<{ status: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words);
    return { status: 0, out: stdout, err: stderr };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, err: stderr };
  }
}

async function startUp(words: string[]): Promise<Running> {
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise<void>((ready, failed) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (/^ready http/m.test(said)) ready();
    });
    child.once("exit", (status) => failed(new Error(`lk up ended with ${status}:\n${said}`)));
  });
  return {
    process: child,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [status] = (await once(child, "exit")) as [number | null];
      return status;
    },
  };
}

/** Ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, "listening");
    ports.push((server.address() as { port: number }).port);
    server.close();
  }
  return ports;
}
