import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test, { type ExecutionContext } from "ava";
import { freePorts } from "../support/system.ts";

/** What a newcomer does: clone, npm ci, npm start, look, stop; as root and as somebody else. */
const repository = resolve(".");
const places: string[] = [];
test.after.always(() => places.forEach((place) => rmSync(place, { recursive: true, force: true })));

interface Newcomer {
  uid: number;
  gid: number;
}

const NOBODY: Newcomer = { uid: 65534, gid: 65534 };

function clone(newcomer: Newcomer | undefined): string {
  // 0700 and root's: PostgreSQL, which refuses root, must be reachable all the same.
  const place = mkdtempSync(join(tmpdir(), "lk-clone-"));
  places.push(place);
  execFileSync("git", ["clone", "-q", repository, join(place, "lk")]);
  const home = join(place, "home");
  mkdirSync(home);
  if (newcomer !== undefined) {
    chmodSync(place, 0o755);
    execFileSync("chown", ["-R", `${newcomer.uid}:${newcomer.gid}`, place]);
    chownSync(home, newcomer.uid, newcomer.gid);
  }
  return place;
}

function npm(place: string, newcomer: Newcomer | undefined, words: string[]): ChildProcess {
  return spawn("npm", words, {
    cwd: join(place, "lk"),
    env: { ...process.env, HOME: join(place, "home"), npm_config_cache: join(place, "cache") },
    stdio: ["ignore", "pipe", "pipe"],
    ...newcomer,
  });
}

async function startUntilReady(
  place: string,
  newcomer: Newcomer | undefined,
): Promise<{ url: string; stop: () => Promise<number | null> }> {
  const child = npm(place, newcomer, ["start", "--", "--config", join(place, "config.toml")]);
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = await new Promise<string>((found, failed) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const [, ready] = /^ready (http:\S+)$/m.exec(output) ?? [];
      if (ready !== undefined) found(ready);
    });
    child.once("exit", (status) => failed(new Error(`npm start ended with ${status}:\n${output}`)));
  });
  return {
    url,
    stop: async () => {
      child.removeAllListeners("exit");
      child.kill("SIGTERM");
      const [status] = (await once(child, "exit")) as [number | null];
      return status;
    },
  };
}

async function newcomerStarts(
  t: ExecutionContext,
  newcomer: Newcomer | undefined,
  ci: string[],
): Promise<void> {
  const place = clone(newcomer);
  const [web, submit, publish, jobs, replay] = await freePorts(5);
  writeFileSync(
    join(place, "config.toml"),
    `[web]\nlisten = "127.0.0.1:${web}"\n[lighthouse]\n` +
      `submit = "tcp://127.0.0.1:${submit}"\npublish = "tcp://127.0.0.1:${publish}"\n` +
      `jobs = "tcp://127.0.0.1:${jobs}"\nreplay = "tcp://127.0.0.1:${replay}"\n`,
    { mode: 0o644 },
  );
  const install = npm(place, newcomer, ci);
  install.stdout?.resume();
  install.stderr?.resume();
  t.deepEqual(await once(install, "exit"), [0, null]);
  for (const round of ["first", "second"]) {
    const running = await startUntilReady(place, newcomer);
    t.is(running.url, `http://127.0.0.1:${web}`, round);
    t.true((await fetch(`${running.url}/readyz`)).ok);
    t.regex(await (await fetch(running.url)).text(), /demo/);
    t.is(await running.stop(), 0);
  }
}

test.serial("root clones, installs with scripts, and starts", async (t) => {
  t.timeout(300_000);
  if (process.getuid?.() !== 0) return t.log("skipped: not root");
  await newcomerStarts(t, undefined, ["ci"]);
});

test.serial("an ordinary user clones, installs without scripts, and starts", async (t) => {
  t.timeout(300_000);
  const newcomer = process.getuid?.() === 0 ? NOBODY : undefined;
  await newcomerStarts(t, newcomer, ["ci", "--ignore-scripts"]);
});
