import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import pg from "pg";
import { keepEmbeddedServer } from "../../../core/database/embedded/keep.ts";
import { joinEmbeddedServer } from "../../../core/database/embedded/server.ts";
import { eventually } from "../../support/eventually.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-embedded-"));
const socket = join(directory, "socket");
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

/** A process of its own that joins the server, says "ready", and holds on. */
async function holder(): Promise<ChildProcess> {
  const server = new URL("../../../core/database/embedded/server.js", import.meta.url).href;
  const script = `
    const { joinEmbeddedServer } = await import(${JSON.stringify(server)});
    const held = await joinEmbeddedServer({ directory: ${JSON.stringify(directory)}, durable: false });
    console.log("ready");
    setInterval(() => held, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

async function answers(): Promise<boolean> {
  const client = new pg.Client({ host: socket, user: "laniakea", database: "postgres" });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stopped(): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (!(await answers())) return true;
    await sleep(50);
  }
  return false;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test.serial("several processes start at once and share one server", async (t) => {
  const [first, second, third] = await Promise.all([holder(), holder(), holder()]);
  t.true(await answers());
  await kill(first);
  await kill(second);
  await sleep(300);
  t.true(await answers(), "it must live as long as one holder does");
  await kill(third);
  t.true(await stopped(), "it must stop when the last holder was killed");
});

test.serial("a new holder that comes while the server stops gets a working one", async (t) => {
  for (let round = 0; round < 3; round++) {
    await kill(await holder());
    const held = await joinEmbeddedServer({ directory, durable: false });
    t.true(await answers());
    held.release();
  }
  t.true(await stopped());
});

test.serial("a server that was killed is started again by those who need it", async (t) => {
  const [one, two] = await Promise.all(
    [1, 2].map(() => keepEmbeddedServer({ directory, durable: false })),
  );
  const pid = readFileSync(join(directory, "cluster", "postmaster.pid"), "utf8").split("\n")[0];
  process.kill(Number(pid), "SIGKILL");
  await eventually(async () => !(await answers()), "the server is dead");
  await eventually(answers, "the server is there again");
  one?.release();
  t.true(await answers());
  two?.release();
  t.true(await stopped());
});
