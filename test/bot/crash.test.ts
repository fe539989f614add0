import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { connect, database, type DatabaseAddress } from "../../core/database/connect.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { ANNA, answersTo, grant, outcomeOf, tell } from "../support/room.ts";

const KILLS = 8;
const COMMANDS = 10;
const program = fileURLToPath(new URL("../support/bot-process.js", import.meta.url));
let address: DatabaseAddress;

test.before(async () => {
  address = await testDatabaseAddress();
  await connect(address);
  await grant(ANNA, "operator");
});
test.after.always(() => database().close());

function spawnProcess(): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [program, JSON.stringify(address)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function startProcess(): Promise<ChildProcess> {
  const child = spawnProcess();
  await once(child.stdout, "data");
  return child;
}

async function killProcess(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function count(sql: string): Promise<number> {
  const [row] = await database().query<{ count: string }>(`select count(*) as count ${sql}`);
  return Number(row?.count);
}

test.serial(
  "killed at any moment, each command runs once and each answer is given once",
  async (t) => {
    for (let kill = 0; kill < KILLS; kill++) {
      const child = await startProcess();
      for (let one = 0; one < COMMANDS; one++) {
        await tell(`!lk import suite-${kill}-${one}`);
        await tell("!lk why bash");
      }
      // The oldest is handled before each kill: three deaths over one message would give it up.
      const handled = "from incoming_message where handled_at is not null";
      const before = await count(handled);
      while ((await count(handled)) === before) await sleep(5);
      await sleep(Math.random() * 250);
      await killProcess(child);
    }
    const child = await startProcess();
    while ((await count("from incoming_message where handled_at is null")) > 0) await sleep(50);
    while ((await count("from operation where state in ('queued', 'running')")) > 0)
      await sleep(50);
    while ((await count("from bot_progress where finished_at is null")) > 0) await sleep(50);
    await killProcess(child);

    const all = KILLS * COMMANDS;
    t.is(await count("from operation"), all);
    t.is(await count("from (select distinct parameters->>'suites' from operation) one"), all);
    t.is(await count("from operation where state = 'done'"), all);
    t.is(await count("from delivery where idempotency_key like 'incoming:%'"), all);
    t.is(await count("from delivery where edits is null and reply_to is not null"), 2 * all);
    t.is(await count("from delivery where edits is not null and final"), all);
    t.is(await count("from incoming_message where outcome = 'failed'"), 0);
  },
);

test.serial("a message that kills the process is given up after three times", async (t) => {
  const deadly = await tell("!lk broken deadly");
  const harmless = await tell("!lk why bash");
  for (let death = 0; death < 3; death++) {
    const [, signal] = (await once(spawnProcess(), "exit")) as [number | null, string | null];
    t.is(signal, "SIGKILL");
    t.is(await outcomeOf(deadly), null);
  }
  const child = await startProcess();
  while ((await outcomeOf(harmless)) === null) await sleep(50);
  await killProcess(child);
  t.is(await outcomeOf(deadly), "failed");
  const answers = await answersTo(deadly);
  t.is(answers.length, 1);
  t.regex(answers[0] ?? "", /begun 3 times and never came to an end/);
  t.is((await answersTo(harmless)).length, 1);
});
